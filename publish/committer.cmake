# Out to Kafka, all or nothing: manifests, transactions, commits.
add_library(warpscore_publish STATIC
  block_encoder.cpp changelog_reader.cpp committer.cpp committer_recovery.cpp manifest.cpp
  transaction_ender.cpp transaction_producer.cpp)
target_link_libraries(warpscore_publish PUBLIC warpscore_kafka warpscore_encode)
