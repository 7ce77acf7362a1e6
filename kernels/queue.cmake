# The queue of a device: what every build has of it.
target_sources(warpscore_kernels PRIVATE ${CMAKE_CURRENT_LIST_DIR}/device_fault.cpp)
