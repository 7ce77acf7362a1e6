// The forest on the GPU: forest_device_bench. Exit code 1: a margin differs from the host's.
#include "bench/device/device_bench_main.cuh"
#include "bench/device/forest_device_bench_impl.h"

int main(int count, char** arguments) {
  using namespace warpscore;
  return run_device_bench(count, arguments, [](Figures& figures) {
    CudaQueue queue(1024);
    ForestBench<CudaQueue> bench(queue, ForestBenchOptions{}, figures);
    bench.run();
  });
}
