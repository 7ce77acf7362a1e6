// A program linked with this has a "GPU" everywhere: the CPU's engine on a thread of its own. So
// all that is above the engine is tested with batches really in flight, through Kafka as well.
#include "kernels/device_info.h"
#include "scoring/device_engine.h"
#include "tests/support/late_engine.h"

namespace warpscore {

bool cuda_compiled() { return true; }

std::optional<DeviceInfo> find_cuda(std::string& /*why_not*/) {
  DeviceInfo info;
  info.name = "a thread of the host";
  return info;
}

std::unique_ptr<EngineBackend> open_cuda_engine(const Plan& plan, const EngineOptions& options) {
  return open_late_engine(plan, options, "cuda");
}

}  // namespace warpscore
