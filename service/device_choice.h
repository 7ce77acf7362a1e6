// Where to compute: what is asked for (--device, else [device] backend), settled by what this
// machine has.
//
// Rule    `cuda` is CUDA or nothing; `auto` is CUDA where it can be used, and else the CPU, with
// one
//         line that says why; `cpu` asks nobody.
// Thread  before the process has others (kernels/device_info.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scoring/engine_backend.h"
#include "service/cli.h"
#include "service/config.h"

namespace warpscore {

struct DeviceChoice {
  Device device = Device::kCpu;
  std::string why_not;   // why CUDA is not used, one line; empty if it is, or nobody asked for it
  bool refused = false;  // it was demanded: kExitUnavailable
};

[[nodiscard]] DeviceChoice choose_device(const Options& options, const Config& config);
// How to mend a refusal, for a log line or in brackets.
inline constexpr const char* kDeviceMend =
    "use --device cpu or auto, or leave [device] backend out";

// choose_device, and on stderr what there is to say of it; nothing if it was refused.
[[nodiscard]] std::optional<Device> settle_device(const Options& options, const Config& config);

// What a verb that scores makes its engine with.
[[nodiscard]] EngineOptions engine_options_of(const Config& config, Device device,
                                              std::uint32_t threads);

// The same as arguments of `warpscore run`.
[[nodiscard]] std::vector<std::string> engine_arguments(const Options& options, Device device);

// "cpu" and "cuda", as --device has them.
[[nodiscard]] const char* name_of(Device device);
// "the CPU" and "the GPU", for sentences.
[[nodiscard]] const char* words_for(Device device);

// "cuda: NVIDIA H100 80GB HBM3, 79 GiB, ..." or "cuda: not usable: ...".
[[nodiscard]] std::string cuda_line();

}  // namespace warpscore
