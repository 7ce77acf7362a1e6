# What the kernels' tests share: the device's queue on host threads.
add_library(warpscore_thread_queue STATIC
            support/thread_queue.cpp support/thread_queue_team.cpp)
target_link_libraries(warpscore_thread_queue PUBLIC warpscore_kernels)

warpscore_test(queue_thread_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/queue_thread_test.cpp
               LIBS warpscore_thread_queue)
warpscore_test(device_info_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/device_info_test.cpp
               LIBS warpscore_kernels_device LABELS per_device)
if(WARPSCORE_CUDA)
  warpscore_test(queue_cuda_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/queue_cuda_test.cu
                 LIBS warpscore_queue_cuda LABELS per_device)
  warpscore_cuda(queue_cuda_test)
endif()
