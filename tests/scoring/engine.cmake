# The engine's face, the late engine for what drives engines, and the count of allocations.
add_library(warpscore_late_engine STATIC ${CMAKE_SOURCE_DIR}/tests/support/late_engine.cpp)
target_link_libraries(warpscore_late_engine PUBLIC warpscore_engine Threads::Threads)

warpscore_test(engine_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/engine_test.cpp
               LIBS warpscore_random_case warpscore_late_engine warpscore_kernels_device
               LABELS per_device)
warpscore_test(allocation_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/allocation_test.cpp
               LIBS warpscore_random_case warpscore_commands warpscore_thread_engine)
