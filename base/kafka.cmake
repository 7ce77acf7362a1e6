# librdkafka behind classes of our own, and the log.
add_library(warpscore_kafka STATIC
  kafka.cpp kafka_client.cpp kafka_consumer.cpp kafka_producer.cpp log.cpp)
target_link_libraries(warpscore_kafka PUBLIC warpscore_base PRIVATE PkgConfig::RDKAFKA)
