warpscore_bench(ring_bench SOURCES micro/ring_bench.cpp LIBS Threads::Threads)
