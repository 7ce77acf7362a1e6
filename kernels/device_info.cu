#include <cuda_runtime_api.h>

#include <cstdlib>

#include "kernels/device_info.h"

namespace warpscore {
namespace {

// Does nothing; that it can be loaded says that this build has code for the device.
__global__ void probe() {}

std::string with_code(const std::string& sentence, cudaError_t error) {
  return sentence + " (" + cudaGetErrorName(error) + ")";
}

// 13000 is 13.0.
std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// 90 is 9.0.
std::string capability_text(std::uint32_t capability) {
  return std::to_string(capability / 10) + "." + std::to_string(capability % 10);
}

std::string why_no_device(cudaError_t error, int driver, int runtime) {
  switch (error) {
    case cudaErrorInsufficientDriver:
      if (driver == 0) return with_code("no NVIDIA driver is loaded", error);
      return with_code("the driver is too old for CUDA " + version_text(runtime) +
                           ": it knows no newer than " + version_text(driver),
                       error);
    case cudaErrorNoDevice:
      return with_code("there is no CUDA device, or CUDA_VISIBLE_DEVICES hides it", error);
    default:
      return with_code(std::string("CUDA does not start: ") + cudaGetErrorString(error), error);
  }
}

// Why the device cannot run our kernels; empty if it can.
std::string why_not_usable(const DeviceInfo& info, const cudaDeviceProp& properties) {
  const std::string capability = capability_text(info.compute_capability);
  if (info.compute_capability < kComputeCapabilityMin) {
    return info.name + ": compute capability " + capability + " is below " +
           capability_text(kComputeCapabilityMin);
  }
  cudaFuncAttributes attributes{};
  if (const cudaError_t error = cudaFuncGetAttributes(&attributes, probe); error != cudaSuccess) {
    return with_code(info.name + ": this build has no code for compute capability " + capability,
                     error);
  }
  if (properties.cooperativeLaunch == 0) return info.name + ": no cooperative launches";
  if (properties.canMapHostMemory == 0) return info.name + ": does not reach the host's memory";
  return "";
}

}  // namespace

bool cuda_compiled() { return true; }

std::optional<DeviceInfo> find_cuda(std::string& why_not) {
  // A kernel that is loaded when it is first launched allocates and waits in the middle of a batch.
  ::setenv("CUDA_MODULE_LOADING", "EAGER", 0);
  int driver = 0;
  int runtime = 0;
  int count = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  cudaDeviceProp properties{};
  cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess) error = cudaGetDeviceProperties(&properties, 0);
  if (error != cudaSuccess) {
    cudaGetLastError();  // told; it is not the next call's
    why_not = why_no_device(error, driver, runtime);
    return std::nullopt;
  }
  DeviceInfo info;
  info.name = properties.name;
  info.compute_capability = static_cast<std::uint32_t>(properties.major * 10 + properties.minor);
  info.multiprocessors = static_cast<std::uint32_t>(properties.multiProcessorCount);
  info.driver_version = static_cast<std::uint32_t>(driver);
  info.runtime_version = static_cast<std::uint32_t>(runtime);
  why_not = why_not_usable(info, properties);
  std::size_t bytes_free = 0;
  std::size_t bytes = 0;
  if (why_not.empty()) {
    error = cudaMemGetInfo(&bytes_free, &bytes);
    if (error != cudaSuccess) {
      why_not = with_code(info.name + ": " + cudaGetErrorString(error), error);
    }
  }
  cudaGetLastError();
  if (!why_not.empty()) return std::nullopt;
  info.bytes = bytes;
  info.bytes_free = bytes_free;
  return info;
}

}  // namespace warpscore
