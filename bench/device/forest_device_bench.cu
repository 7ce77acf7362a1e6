// The forest on the GPU: forest_device_bench. Exit code 1: a margin differs from the host's.
#include <cstdio>
#include <exception>
#include <string>

#include "bench/device/forest_device_bench_impl.h"
#include "kernels/device_info.h"
#include "kernels/queue_cuda.cuh"

int main() {
  using namespace warpscore;
  std::string why_not;
  const auto device = find_cuda(why_not);
  if (!device) {
    std::printf("no GPU to run on: %s\n", why_not.c_str());
    return 0;
  }
  std::printf("device: %s, %u multiprocessors, driver for CUDA %u.%u\n", device->name.c_str(),
              device->multiprocessors, device->driver_version / 1000,
              device->driver_version % 1000 / 10);
  try {
    CudaQueue queue(1024);
    ForestBench<CudaQueue> bench(queue, ForestBenchOptions{});
    return bench.run(stdout) == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "forest_device_bench: %s\n", error.what());
    return 1;
  }
}
