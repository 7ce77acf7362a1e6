// The engine of scoring/device_engine_impl.h on a GPU.
#include <optional>

#include "kernels/device_info.h"
#include "kernels/queue_cuda.cuh"
#include "scoring/device_engine.h"
#include "scoring/device_engine_impl.h"

namespace warpscore {

std::unique_ptr<EngineBackend> open_cuda_engine(const Plan& plan, const EngineOptions& options) {
  std::string why_not;
  const std::optional<DeviceInfo> info = find_cuda(why_not);
  if (!info) throw DeviceError(why_not);
  DeviceEngineOptions device;
  device.description = "cuda: " + info->name + ", " + std::to_string(info->bytes >> 30) + " GiB";
  return std::make_unique<DeviceEngine<CudaQueue>>(plan, options, device,
                                                   std::make_unique<CudaQueue>(options.batch_max));
}

}  // namespace warpscore
