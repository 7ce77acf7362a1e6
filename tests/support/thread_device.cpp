// A program linked with this finds a "GPU" on every machine: the GPU's engine, every kernel of it
// on host threads. So the whole program is tested with batches really in flight, through Kafka too.
#include "kernels/device_info.h"
#include "scoring/device_engine.h"
#include "tests/support/thread_engine.h"

namespace warpscore {

bool cuda_compiled() { return true; }

std::optional<DeviceInfo> find_cuda(std::string& /*why_not*/) {
  DeviceInfo info;
  info.name = "threads of the host";
  return info;
}

std::unique_ptr<EngineBackend> open_cuda_engine(const Plan& plan, const EngineOptions& options) {
  ThreadEngineOptions threads;
  threads.seed = 7;
  threads.asynchronous = true;
  threads.pool_bytes = std::uint64_t{256} << 20;
  return open_thread_engine(plan, options, threads);
}

}  // namespace warpscore
