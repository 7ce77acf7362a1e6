# The engine on a GPU, and scoring/device_engine.h's sentence that there is none in this build. Its
# template (device_engine_impl.h) is also compiled over the tests' queue on host threads.
add_library(warpscore_device_slot STATIC ${CMAKE_CURRENT_LIST_DIR}/device_slot.cpp)
target_link_libraries(warpscore_device_slot PUBLIC warpscore_device_plan warpscore_kernels)

if(WARPSCORE_CUDA)
  add_library(warpscore_engine_device STATIC ${CMAKE_CURRENT_LIST_DIR}/device_engine.cu)
  warpscore_cuda(warpscore_engine_device)
  target_link_libraries(warpscore_engine_device PUBLIC warpscore_queue_cuda
    warpscore_kernels_device PRIVATE warpscore_device_slot)
else()
  add_library(warpscore_engine_device STATIC ${CMAKE_CURRENT_LIST_DIR}/no_cuda_engine.cpp)
endif()
target_link_libraries(warpscore_engine_device PUBLIC warpscore_kernels)
target_link_libraries(warpscore_engine PUBLIC warpscore_engine_device)
