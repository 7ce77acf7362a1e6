// The engine on the GPU: engine_device_bench. Exit code 1: a result differs from the CPU's.
#include "bench/device/device_bench_main.cuh"
#include "bench/device/engine_device_bench_impl.h"

int main(int count, char** arguments) {
  using namespace warpscore;
  return run_device_bench(count, arguments, [](Figures& figures) {
    EngineBench<CudaQueue> bench(open_measured_queue, figures);
    bench.run();
  });
}
