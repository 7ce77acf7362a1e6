# The configuration and the command line: all that is known before anything runs.
find_package(CLI11 REQUIRED)
find_path(WARPSCORE_TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)

add_library(warpscore_config STATIC
  cli.cpp
  config.cpp
  config_check.cpp
  config_dump.cpp
  config_features.cpp
  config_input.cpp
  config_kafka.cpp
  config_keys.cpp
  config_output.cpp
  config_reference.cpp
  config_tests.cpp
  config_toml.cpp
  duration.cpp
  size.cpp)
target_include_directories(warpscore_config SYSTEM PRIVATE ${WARPSCORE_TOMLPLUSPLUS_INCLUDE})
target_link_libraries(warpscore_config PUBLIC warpscore_base PRIVATE CLI11::CLI11)
