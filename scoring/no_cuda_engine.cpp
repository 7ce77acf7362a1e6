// scoring/device_engine.h in a build without CUDA.
#include "scoring/device_engine.h"

namespace warpscore {

std::unique_ptr<EngineBackend> open_cuda_engine(const Plan&, const EngineOptions&) {
  throw DeviceError("this program is built without CUDA");
}

}  // namespace warpscore
