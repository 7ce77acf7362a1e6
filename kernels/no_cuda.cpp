// What a build without CUDA says of it.
#include "kernels/device_info.h"

namespace warpscore {

bool cuda_compiled() { return false; }

std::optional<DeviceInfo> find_cuda(std::string& why_not) {
  why_not = "this build has no CUDA";
  return std::nullopt;
}

}  // namespace warpscore
