# The queue of a device, and which device there is; without CUDA: the words that say so.
target_sources(warpscore_kernels PRIVATE ${CMAKE_CURRENT_LIST_DIR}/device_fault.cpp)

if(WARPSCORE_CUDA)
  add_library(warpscore_kernels_device STATIC ${CMAKE_CURRENT_LIST_DIR}/device_info.cu)
  warpscore_cuda(warpscore_kernels_device)

  add_library(warpscore_queue_cuda STATIC ${CMAKE_CURRENT_LIST_DIR}/queue_cuda.cu)
  warpscore_cuda(warpscore_queue_cuda)
  target_link_libraries(warpscore_queue_cuda PUBLIC warpscore_kernels warpscore_kernels_device)
else()
  add_library(warpscore_kernels_device STATIC ${CMAKE_CURRENT_LIST_DIR}/no_cuda.cpp)
endif()
