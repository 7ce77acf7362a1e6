# `run`: Kafka in, Kafka out.
add_library(warpscore_pipeline STATIC
  label_batch.cpp pipeline.cpp run_progress.cpp restore.cpp run_command.cpp start_checks.cpp
  stop_watch.cpp)
target_link_libraries(warpscore_pipeline PUBLIC warpscore_config warpscore_engine warpscore_publish
                                                warpscore_reader)
