# The ring between threads and the parker: use, proof, stress.
warpscore_test(ring_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/ring_test.cpp)
warpscore_test(ring_explorer_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/ring_explorer_test.cpp
               ${CMAKE_CURRENT_LIST_DIR}/../support/explorer.cpp)
warpscore_test(ring_stress_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/ring_stress_test.cpp)

# ThreadSanitizer sees this one program in every build but those with other sanitizers.
if(WARPSCORE_TESTS AND NOT WARPSCORE_SANITIZE)
  warpscore_test(ring_stress_tsan_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/ring_stress_test.cpp)
  target_compile_options(ring_stress_tsan_test PRIVATE -fsanitize=thread)
  target_link_options(ring_stress_tsan_test PRIVATE -fsanitize=thread)
endif()
