# What the kernels' tests share: the device's queue on host threads.
add_library(warpscore_thread_queue STATIC
            support/thread_queue.cpp support/thread_queue_team.cpp)
target_link_libraries(warpscore_thread_queue PUBLIC warpscore_kernels)
