// The key table on the GPU: table_device_bench. Exit code 1: an answer is wrong.
#include "bench/device/device_bench_main.cuh"
#include "bench/device/table_device_bench_impl.h"

int main(int count, char** arguments) {
  using namespace warpscore;
  return run_device_bench(count, arguments, [](Figures& figures) {
    TableBench<CudaQueue> bench(open_measured_queue, figures);
    bench.run();
  });
}
