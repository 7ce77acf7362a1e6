# Made-up payments, and the verb that writes them.
add_library(warpscore_generator STATIC
  generate_command.cpp generator.cpp payment_file_sink.cpp payment_kafka_sink.cpp)
target_link_libraries(warpscore_generator PUBLIC warpscore_config
                                          PRIVATE warpscore_kafka ZLIB::ZLIB)
