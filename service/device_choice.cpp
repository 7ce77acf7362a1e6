#include "service/device_choice.h"

#include <cstdio>

#include "kernels/device_info.h"

namespace warpscore {

DeviceChoice choose_device(const Options& options, const Config& config) {
  const Backend backend = options.has_device ? options.device : config.device.backend;
  DeviceChoice choice;
  if (backend == Backend::kCpu) return choice;
  if (find_cuda(choice.why_not)) return {Device::kCuda, "", false};
  choice.refused = backend == Backend::kCuda;
  return choice;
}

std::optional<Device> settle_device(const Options& options, const Config& config) {
  const DeviceChoice choice = choose_device(options, config);
  if (choice.refused) {
    std::fprintf(stderr, "warpscore: CUDA cannot be used: %s (%s)\n", choice.why_not.c_str(),
                 kDeviceMend);
    return std::nullopt;
  }
  if (!choice.why_not.empty()) {
    std::fprintf(stderr, "warpscore: computing on the CPU: %s\n", choice.why_not.c_str());
  }
  return choice.device;
}

EngineOptions engine_options_of(const Config& config, Device device, std::uint32_t threads) {
  EngineOptions options;
  options.threads = threads;
  options.device = device;
  if (config.device.memory_percent != 0) {
    options.device_memory_percent = config.device.memory_percent;
  }
  return options;
}

std::vector<std::string> engine_arguments(const Options& options, Device device) {
  std::vector<std::string> arguments = {"--device", name_of(device)};
  if (options.threads != 0) {
    arguments.emplace_back("--threads");
    arguments.push_back(std::to_string(options.threads));
  }
  return arguments;
}

const char* name_of(Device device) { return device == Device::kCuda ? "cuda" : "cpu"; }

const char* words_for(Device device) { return device == Device::kCuda ? "the GPU" : "the CPU"; }

std::string cuda_line() {
  std::string why_not;
  const std::optional<DeviceInfo> found = find_cuda(why_not);
  if (!found) return "cuda: not usable: " + why_not;
  const auto dotted = [](std::uint32_t whole, std::uint32_t part) {
    return std::to_string(whole) + "." + std::to_string(part);
  };
  return "cuda: " + found->name + ", " + std::to_string(found->bytes >> 30) +
         " GiB, compute capability " +
         dotted(found->compute_capability / 10, found->compute_capability % 10) +
         ", driver for CUDA up to " +
         dotted(found->driver_version / 1000, found->driver_version % 1000 / 10);
}

}  // namespace warpscore
