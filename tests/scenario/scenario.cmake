# `run` on a real broker. One broker for all, on a port of its own; ctest -L kafka.
if(NOT WARPSCORE_TESTS)
  return()
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(WARPSCORE_SCENARIO_PORT 29292 CACHE STRING
    "Port of the scenarios' broker; its controller takes the one after")
set(scenario_folder ${CMAKE_BINARY_DIR}/scenario)
set(scenario_kafka ${CMAKE_SOURCE_DIR}/scripts/kafka)
set(scenario_broker --port ${WARPSCORE_SCENARIO_PORT} --dir ${scenario_folder}/kafka)

add_test(NAME scenario_broker_start COMMAND ${scenario_kafka} start ${scenario_broker})
add_test(NAME scenario_broker_wipe COMMAND ${scenario_kafka} wipe ${scenario_broker})
set_tests_properties(scenario_broker_start PROPERTIES
  FIXTURES_SETUP scenario_broker LABELS kafka TIMEOUT 120)
set_tests_properties(scenario_broker_wipe PROPERTIES
  FIXTURES_CLEANUP scenario_broker LABELS kafka TIMEOUT 60)

function(scenario_test name scenario program)
  add_test(NAME ${name}
           COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${scenario}.py
                   ${scenario_folder})
  # Two of them end the broker, so one at a time.
  set_tests_properties(${name} PROPERTIES
    FIXTURES_REQUIRED scenario_broker RESOURCE_LOCK scenario_broker LABELS kafka TIMEOUT 300
    SKIP_RETURN_CODE 77
    ENVIRONMENT "WARPSCORE=$<TARGET_FILE:${program}>;KAFKA_DIR=${scenario_folder}/kafka;\
KAFKA_PORT=${WARPSCORE_SCENARIO_PORT}")
endfunction()

foreach(scenario broker_restart crash dead_letters end_to_end fencing growth handbook labels
        lost_answers start_faults)
  scenario_test(scenario_${scenario} ${scenario} warpscore)
endforeach()

# The same program with the GPU's engine on host threads: batches are really in flight.
add_executable(warpscore_on_threads ${CMAKE_SOURCE_DIR}/service/main.cpp
               ${CMAKE_SOURCE_DIR}/tests/support/thread_device.cpp)
target_link_libraries(warpscore_on_threads PRIVATE warpscore_commands warpscore_thread_engine)
foreach(scenario crash end_to_end labels)
  scenario_test(scenario_device_${scenario} ${scenario} warpscore_on_threads)
endforeach()
