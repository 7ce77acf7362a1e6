// Which CUDA device this program would use, or why it cannot use one.
//
// One program runs with and without a GPU: nothing here needs a driver, and a build without CUDA
// has the same symbols (no_cuda.cpp).
//
// Rule    the device is CUDA's first; CUDA_VISIBLE_DEVICES says which one that is.
// Thread  call find_cuda first when the process starts, before it has other threads: it sets how
//         CUDA loads kernels, which is an environment variable.
// Errors  no device is a return value with one line that says why.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace warpscore {

struct DeviceInfo {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_free = 0;
  std::uint32_t compute_capability = 0;  // 90 is 9.0
  std::uint32_t multiprocessors = 0;
  std::uint32_t driver_version = 0;  // the newest CUDA it can run: 13000 is 13.0
  std::uint32_t runtime_version = 0;
};

inline constexpr std::uint32_t kComputeCapabilityMin = 75;

[[nodiscard]] bool cuda_compiled();
[[nodiscard]] std::optional<DeviceInfo> find_cuda(std::string& why_not);

}  // namespace warpscore
