# The GPU bundle holds all that it needs and tells the truth about what it ran (docs/gpu.md).
if(WARPSCORE_TESTS AND WARPSCORE_CUDA)
  find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
  add_test(NAME gpu_bundle_test
           COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/gpu_bundle_test.py
                   ${CMAKE_BINARY_DIR})
  set_tests_properties(gpu_bundle_test PROPERTIES TIMEOUT 120)
endif()
