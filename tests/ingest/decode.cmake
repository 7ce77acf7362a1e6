warpscore_test(numbers_test SOURCES ingest/numbers_test.cpp LIBS warpscore_decode)
warpscore_test(timestamp_test SOURCES ingest/timestamp_test.cpp LIBS warpscore_decode)
warpscore_test(csv_decoder_test SOURCES ingest/csv_decoder_test.cpp LIBS warpscore_decode)
warpscore_test(file_reader_test SOURCES ingest/file_reader_test.cpp
               LIBS warpscore_decode ZLIB::ZLIB)
warpscore_test(json_decoder_test SOURCES ingest/json_decoder_test.cpp LIBS warpscore_decode)
warpscore_test(json_differential_test SOURCES ingest/json_differential_test.cpp
               LIBS warpscore_decode)
warpscore_fuzz(json_fuzz SOURCES fuzz/json_fuzz.cpp LIBS warpscore_decode warpscore_encode)
warpscore_fuzz(csv_fuzz SOURCES fuzz/csv_fuzz.cpp LIBS warpscore_decode)
