// The forest's bench in small, on host threads: it runs to its end, and sees wrong margins.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/device/forest_device_bench_impl.h"
#include "tests/support/thread_queue.h"

namespace warpscore {
namespace {

ForestBenchOptions small_options() {
  ForestBenchOptions options;
  options.features = 9;
  options.rows = 1000;
  options.sizes = {{10, 6, Goal::at_least(1e9)}, {6, 8, {}}};
  options.rows_alone = {100};
  options.span_seconds = 1e-3;
  options.copied_bytes = 1U << 16;
  return options;
}

template <class Queue>
int run_bench(Queue& queue, std::string& text) {
  char* memory = nullptr;
  std::size_t bytes = 0;
  std::FILE* const out = open_memstream(&memory, &bytes);
  Figures figures(out, {});
  ForestBench<Queue> bench(queue, small_options(), figures);
  bench.run();
  std::fclose(out);
  text.assign(memory, bytes);
  std::free(memory);
  return figures.failures();
}

TEST(ForestDeviceBenchTest, PrintsCopyFirstAndEveryForest) {
  ThreadQueue queue;
  std::string text;
  EXPECT_EQ(run_bench(queue, text), 0);
  EXPECT_EQ(text.rfind("device copy: ", 0), 0U) << text;
  for (const char* line :
       {"forest 10x6, tiles: ", "forest 10x6, walked: ", "[goal >= 1e+09: not met]",
        "forest 6x8, tiles: ", "forest 6x8, walked, 100 rows, alone: "}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << " in\n" << text;
  }
}

// A queue whose teams score nothing.
class IdleTeams : public ThreadQueue {
 public:
  template <class Task>
  void teams(const char*, std::uint32_t, const Task&) {}
};

TEST(ForestDeviceBenchTest, CountsNoTimeOfWrongMargins) {
  IdleTeams queue;
  std::string text;
  EXPECT_EQ(run_bench(queue, text), 2);  // what is walked needs no team
  EXPECT_NE(text.find("10x6, tiles: 1000 of 1000 margins differ"), std::string::npos) << text;
  EXPECT_EQ(text.find("tiles, 100 rows"), std::string::npos) << text;
}

}  // namespace
}  // namespace warpscore
