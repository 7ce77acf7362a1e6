# The built binary from outside: verbs, exit codes, messages.
if(WARPSCORE_TESTS)
  find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
  add_test(NAME command_line_test
           COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/command_line_test.py
                   $<TARGET_FILE:warpscore>)
  set_tests_properties(command_line_test PROPERTIES TIMEOUT 120)
endif()
