# The engine against slow code, hand-made values and published data.
add_library(warpscore_random_case STATIC differential/random_case.cpp)
target_link_libraries(warpscore_random_case PUBLIC warpscore_test_support)

warpscore_test(engine_property_test SOURCES differential/engine_property_test.cpp
               LIBS warpscore_random_case LABELS per_device TIMEOUT 600)
warpscore_test(engine_invariance_test SOURCES differential/engine_invariance_test.cpp
               LIBS warpscore_random_case warpscore_thread_engine LABELS per_device TIMEOUT 600)
warpscore_test(golden_case_test SOURCES differential/golden_case_test.cpp
               LIBS warpscore_test_support LABELS per_device)
if(WARPSCORE_TESTS)
  target_compile_definitions(golden_case_test PRIVATE WARPSCORE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
endif()

# Built by service/; a tree without it has nothing to run.
if(WARPSCORE_TESTS AND TARGET warpscore)
  find_package(Python3 3.11 COMPONENTS Interpreter)
  if(Python3_FOUND)
    add_test(NAME handbook_test
             COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/differential/handbook_test.py
                     $<TARGET_FILE:warpscore> ${CMAKE_SOURCE_DIR}/../shared
                     $<TARGET_FILE:warpscore_on_threads>)
    set_tests_properties(handbook_test PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600
                         LABELS per_device)
  endif()
endif()

# The GPU's engine where there is no GPU: its own templates over tests/support/thread_queue.h.
add_library(warpscore_thread_engine STATIC support/thread_engine.cpp)
target_link_libraries(warpscore_thread_engine PUBLIC warpscore_engine warpscore_device_slot
  warpscore_thread_queue)
warpscore_test(device_engine_test SOURCES differential/device_engine_test.cpp
               LIBS warpscore_random_case warpscore_thread_engine LABELS per_device TIMEOUT 900)
warpscore_test(device_pool_test SOURCES differential/device_pool_test.cpp
               LIBS warpscore_random_case warpscore_thread_engine TIMEOUT 600)
