warpscore_test(generator_test SOURCES service/generator_test.cpp
               LIBS warpscore_generator ZLIB::ZLIB)
