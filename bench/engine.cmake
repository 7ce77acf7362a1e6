# The engine and its parts from memory.
warpscore_bench(engine_bench SOURCES micro/engine_bench.cpp LIBS warpscore_commands)
warpscore_bench(feature_pass_bench SOURCES micro/feature_pass_bench.cpp
  LIBS warpscore_engine warpscore_generator)
warpscore_bench(key_table_bench SOURCES micro/key_table_bench.cpp
  LIBS warpscore_kernels warpscore_generator)
