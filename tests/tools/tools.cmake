# The tree itself as a test: includes follow the flow of the data, files keep the style.
if(WARPSCORE_TESTS)
  find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
  foreach(check check_layers tidy)
    add_test(NAME ${check}
             COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/../../.ci/${check}.py)
    add_test(NAME ${check}_test
             COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/${check}_test.py)
    set_tests_properties(${check} ${check}_test PROPERTIES TIMEOUT 60)
  endforeach()
endif()
