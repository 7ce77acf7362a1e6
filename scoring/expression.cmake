# Expressions: text to bytecode. The interpreter is a header (program_run.h): compile what runs it
# on hot paths with -O3, the target's loops vectorise at -O2 already where g++ deems them cheap.
add_library(warpscore_expression STATIC
  ${CMAKE_CURRENT_LIST_DIR}/expression.cpp
  ${CMAKE_CURRENT_LIST_DIR}/expression_arithmetic.cpp
  ${CMAKE_CURRENT_LIST_DIR}/expression_comparison.cpp
  ${CMAKE_CURRENT_LIST_DIR}/expression_compiler.cpp
  ${CMAKE_CURRENT_LIST_DIR}/expression_emit.cpp
  ${CMAKE_CURRENT_LIST_DIR}/expression_functions.cpp
  ${CMAKE_CURRENT_LIST_DIR}/expression_lexer.cpp
  ${CMAKE_CURRENT_LIST_DIR}/expression_literals.cpp
  ${CMAKE_CURRENT_LIST_DIR}/expression_messages.cpp
  ${CMAKE_CURRENT_LIST_DIR}/expression_parser.cpp)
target_link_libraries(warpscore_expression PUBLIC warpscore_base)
