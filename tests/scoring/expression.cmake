# Tests of expressions. cel_cases.txt was made once by cel_cases.py, from another implementation.
foreach(name expression expression_error expression_property)
  warpscore_test(${name}_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/${name}_test.cpp
                 LIBS warpscore_expression)
endforeach()
warpscore_test(expression_examples_test
               SOURCES ${CMAKE_CURRENT_LIST_DIR}/expression_examples_test.cpp
               LIBS warpscore_expression)
if(TARGET expression_examples_test)
  target_compile_definitions(expression_examples_test PRIVATE
    WARPSCORE_CEL_CASES="${CMAKE_CURRENT_LIST_DIR}/cel_cases.txt"
    WARPSCORE_EXPRESSION_DOCS="${CMAKE_SOURCE_DIR}/docs/expressions.md")
endif()
warpscore_fuzz(expression_fuzz SOURCES ${CMAKE_SOURCE_DIR}/tests/fuzz/expression_fuzz.cpp
               LIBS warpscore_expression)
