# What several tests share; nothing of it is in the product.
add_library(warpscore_test_support STATIC
            support/cases.cpp support/cuda_engine.cpp support/engine_run.cpp
            support/oracle.cpp)
target_link_libraries(warpscore_test_support PUBLIC warpscore_engine warpscore_base
  warpscore_kernels_device)
