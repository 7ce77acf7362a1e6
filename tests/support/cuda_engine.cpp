#include "tests/support/cuda_engine.h"

#include <cstdio>
#include <optional>
#include <string>

#include "kernels/device_info.h"
#include "scoring/device_engine.h"

namespace warpscore {

OpenEngine cuda_engine_if_present() {
  static const bool present = [] {
    std::string why_not;
    const std::optional<DeviceInfo> device = find_cuda(why_not);
    std::fprintf(stderr, "[  DEVICE  ] %s\n",
                 device ? ("cuda: " + device->name).c_str() : ("no cuda: " + why_not).c_str());
    return device.has_value();
  }();
  if (!present) return nullptr;
  return [](const Plan& plan, EngineOptions options) {
    options.device_memory_percent = 1;
    return open_cuda_engine(plan, options);
  };
}

}  // namespace warpscore
