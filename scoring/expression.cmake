# Expressions: text to bytecode, and the interpreter compiled for the host (elsewhere a header).
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
  ${CMAKE_CURRENT_LIST_DIR}/expression_parser.cpp
  ${CMAKE_CURRENT_LIST_DIR}/program_blocks.cpp)
target_link_libraries(warpscore_expression PUBLIC warpscore_base)
# g++ -O2 vectorises only the simplest of its loops.
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/program_blocks.cpp
  PROPERTIES COMPILE_OPTIONS "-O3")
