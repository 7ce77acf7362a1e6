# The engine and the key table on a GPU. All that the benches do is tested on host threads, in
# small.
if(WARPSCORE_BENCH OR WARPSCORE_TESTS)
  add_library(warpscore_bench_plan STATIC ${CMAKE_CURRENT_LIST_DIR}/bench_plan.cpp)
  target_link_libraries(warpscore_bench_plan PUBLIC warpscore_engine warpscore_device_slot)
endif()
if(TARGET warpscore_thread_queue)
  warpscore_test(bench_device_small_test
                 SOURCES ${CMAKE_CURRENT_LIST_DIR}/device_bench_test.cpp
                 LIBS warpscore_bench_plan warpscore_thread_queue)
endif()
if(WARPSCORE_CUDA AND WARPSCORE_BENCH)
  foreach(bench engine_device_bench table_device_bench)
    add_executable(${bench} ${CMAKE_CURRENT_LIST_DIR}/${bench}.cu)
    target_link_libraries(${bench} PRIVATE warpscore_bench_plan warpscore_queue_cuda)
    warpscore_cuda(${bench})
  endforeach()
endif()
