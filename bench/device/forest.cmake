# The forest on a GPU. What the bench does is tested on host threads, in small.
if(TARGET warpscore_thread_queue)
  warpscore_test(forest_device_bench_test
                 SOURCES ${CMAKE_CURRENT_LIST_DIR}/forest_device_bench_test.cpp
                 LIBS warpscore_forest_tiles warpscore_thread_queue)
endif()
if(WARPSCORE_CUDA AND WARPSCORE_BENCH)
  add_executable(forest_device_bench ${CMAKE_CURRENT_LIST_DIR}/forest_device_bench.cu)
  target_link_libraries(forest_device_bench PRIVATE warpscore_forest_tiles warpscore_queue_cuda)
  warpscore_cuda(forest_device_bench)
endif()
