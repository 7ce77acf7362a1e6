warpscore_test(value_text_test SOURCES publish/value_text_test.cpp LIBS warpscore_encode)
warpscore_test(feature_csv_test SOURCES publish/feature_csv_test.cpp LIBS warpscore_encode)
warpscore_test(encode_test SOURCES publish/encode_test.cpp LIBS warpscore_encode)
