# Expressions: nanoseconds a row.
warpscore_bench(expression_bench SOURCES ${CMAKE_CURRENT_LIST_DIR}/micro/expression_bench.cpp
                LIBS warpscore_expression)
