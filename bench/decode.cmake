# Bytes to batches and back.
warpscore_bench(decode_bench SOURCES ${CMAKE_CURRENT_LIST_DIR}/micro/decode_bench.cpp
                LIBS warpscore_decode warpscore_encode)
