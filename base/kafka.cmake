# librdkafka behind classes of our own, the log, and the words for what was read.
add_library(warpscore_kafka STATIC
  input_range.cpp kafka.cpp kafka_admin.cpp kafka_client.cpp kafka_consumer.cpp kafka_producer.cpp
  log.cpp)
target_link_libraries(warpscore_kafka PUBLIC warpscore_base PRIVATE PkgConfig::RDKAFKA)
