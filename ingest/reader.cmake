# Kafka's partitions -> batches, on threads of their own.
add_library(warpscore_reader STATIC batch_filler.cpp batch_pool.cpp batch_reader.cpp)
target_link_libraries(warpscore_reader PUBLIC warpscore_kafka warpscore_decode)
