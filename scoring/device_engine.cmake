# scoring/device_engine.h: the engine on a GPU, or the sentence that there is none in this build.
if(WARPSCORE_CUDA AND EXISTS ${CMAKE_CURRENT_LIST_DIR}/device_engine.cu)
  add_library(warpscore_engine_device STATIC ${CMAKE_CURRENT_LIST_DIR}/device_engine.cu)
  warpscore_cuda(warpscore_engine_device)
else()
  add_library(warpscore_engine_device STATIC ${CMAKE_CURRENT_LIST_DIR}/no_cuda_engine.cpp)
endif()
target_link_libraries(warpscore_engine_device PUBLIC warpscore_kernels)
target_link_libraries(warpscore_engine PUBLIC warpscore_engine_device)
