# The device's score pass against the host's: on host threads, and on a GPU where there is one.
add_library(warpscore_score_pass_case STATIC ${CMAKE_CURRENT_LIST_DIR}/score_pass_case.cpp)
target_link_libraries(warpscore_score_pass_case PUBLIC warpscore_random_case warpscore_device_plan)

warpscore_test(score_pass_thread_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/score_pass_thread_test.cpp
               LIBS warpscore_score_pass_case warpscore_thread_queue)
if(WARPSCORE_CUDA)
  warpscore_test(score_pass_cuda_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/score_pass_cuda_test.cu
                 LIBS warpscore_score_pass_case warpscore_queue_cuda LABELS per_device)
  warpscore_cuda(score_pass_cuda_test)
endif()
