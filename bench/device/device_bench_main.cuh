// What every device bench's program does around its bench: options, the device, errors.
#pragma once

#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include "bench/device/figures.h"
#include "bench/device/measured_queue.h"
#include "kernels/device_info.h"
#include "kernels/queue_cuda.cuh"

namespace warpscore {

inline std::unique_ptr<MeasuredQueue<CudaQueue>> open_measured_queue(std::uint32_t rows_max) {
  return std::make_unique<MeasuredQueue<CudaQueue>>(rows_max);
}

// The exit code: 0 where there is no GPU; 1: something was wrong, and was said.
template <class Bench>
int run_device_bench(int count, char** arguments, const Bench& bench) {
  BenchOptions options;
  if (!read_bench_options(count, arguments, options)) return 2;
  std::string why_not;
  const std::optional<DeviceInfo> device = find_cuda(why_not);
  if (!device) {
    std::printf("no GPU to run on: %s\n", why_not.c_str());
    return 0;
  }
  std::printf("device: %s, %u multiprocessors, driver for CUDA %u.%u\n", device->name.c_str(),
              device->multiprocessors, device->driver_version / 1000,
              device->driver_version % 1000 / 10);
  try {
    Figures figures(stdout, options);
    bench(figures);
    return figures.failures() == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", arguments[0], error.what());
    return 1;
  }
}

}  // namespace warpscore
