// The engine's and the key table's device benches in small, on host threads: they run to their end,
// print every figure, and measure nothing that is wrong.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bench/device/engine_device_bench_impl.h"
#include "bench/device/table_device_bench_impl.h"
#include "tests/support/thread_queue.h"

namespace warpscore {
namespace {

struct Outcome {
  int failures = 0;
  std::string text;
};

template <class Run>
Outcome run_small(const std::string& only, const Run& run) {
  char* memory = nullptr;
  std::size_t bytes = 0;
  std::FILE* const out = open_memstream(&memory, &bytes);
  BenchOptions options;
  options.is_small = true;
  options.seconds = 1000;
  options.only = only;
  Figures figures(out, options);
  run(figures);
  std::fclose(out);
  Outcome outcome{figures.failures(), std::string(memory, bytes)};
  std::free(memory);
  return outcome;
}

template <class Base>
std::unique_ptr<MeasuredQueue<Base>> open_queue(std::uint32_t) {
  ThreadQueueOptions options;
  options.seed = 3;
  return std::make_unique<MeasuredQueue<Base>>(options);
}

template <class Base = ThreadQueue>
Outcome run_engine_bench(const std::string& only) {
  return run_small(only, [](Figures& figures) {
    EngineBench<Base> bench(open_queue<Base>, figures);
    bench.run();
  });
}
template <class Base = ThreadQueue>
Outcome run_table_bench() {
  return run_small("", [](Figures& figures) {
    TableBench<Base> bench(open_queue<Base>, figures);
    bench.run();
  });
}

void expect_lines(const std::string& text, std::initializer_list<const char*> lines) {
  for (const char* line : lines) {
    EXPECT_NE(text.find(std::string("\n") + line), std::string::npos) << line << " in\n" << text;
  }
}

TEST(DeviceBenchTest, EveryFigureOfTheEngine) {
  const Outcome outcome = run_engine_bench("");
  EXPECT_EQ(outcome.failures, 0) << outcome.text;
  EXPECT_EQ(outcome.text.rfind("device copy: ", 0), 0U) << outcome.text;
  expect_lines(outcome.text, {"PCIe in: ",
                              "PCIe out: ",
                              "PCIe both: ",
                              "resident 300x6, uniform: ",
                              "resident 100x6, uniform: ",
                              "resident 300x6, by the 1/k law: ",
                              "resident 300x6, 100 accounts, 4 rows each: ",
                              "PCIe 300x6, batches of 64: ",
                              "PCIe 300x6, batches of 512: ",
                              "PCIe 300x6 over resident: ",
                              "latency of 32, p99: ",
                              "latency of 128, kernels without work, p99: ",
                              "latency of 128, p99 over kernels without work: ",
                              "features alone, batches of 512: ",
                              "features alone, batches of 2048, useful ",
                              "CPU 300x6, ",
                              "PCIe 300x6 over CPU: ",
                              "hot key 100 %, 100x6, over uniform: ",
                              "hot key 0 %, 100x6, 5 % late: ",
                              "hot key 100 %, 100x6, 5 % late, over uniform: ",
                              "profile 300x6, find keys: ",
                              "profile 300x6, sort: ",
                              "hot terminal 30 %, 100x6, distinct values, 1 % late: "});
}

TEST(DeviceBenchTest, EveryFigureOfTheTable) {
  const Outcome outcome = run_table_bench();
  EXPECT_EQ(outcome.failures, 0) << outcome.text;
  expect_lines(outcome.text,
               {"table, 20000 keys inserted: ", "table, 20000 keys inserted, the longest batch: ",
                "table find at 20000 keys: ", "table find-or-insert at 20000 keys: ",
                "table find of none at 20000 keys: ", "table find over random lines: ",
                "table insert by find-or-insert alone: "});
}

TEST(DeviceBenchTest, LeavesOutWhatIsNotWantedOrTooLate) {
  const Outcome outcome = run_engine_bench("PCIe");
  expect_lines(outcome.text, {"PCIe 300x6, batches of 64: "});
  EXPECT_EQ(outcome.text.find("resident"), std::string::npos) << outcome.text;

  const Outcome late = run_small("", [](Figures& figures) {
    BenchOptions options = figures.options();
    options.seconds = 0;
    std::FILE* const out = std::tmpfile();
    Figures over(out, options);
    EXPECT_FALSE(over.wants("resident"));
    std::fclose(out);
  });
  EXPECT_EQ(late.failures, 0);
}

// A queue that forgets a kernel.
template <const auto& kForgotten>
class Forgetful : public ThreadQueue {
 public:
  using ThreadQueue::ThreadQueue;
  template <class Task>
  void each(const char* name, std::uint32_t count, const Task& task) {
    if (std::string_view(name) != kForgotten) ThreadQueue::each(name, count, task);
  }
};
constexpr std::string_view kShortRuns = "short runs";
constexpr std::string_view kTableFind = "table find";

TEST(DeviceBenchTest, MeasuresNothingThatIsWrong) {
  const Outcome engine = run_engine_bench<Forgetful<kShortRuns>>("resident");
  EXPECT_EQ(engine.failures, 4) << engine.text;
  EXPECT_NE(engine.text.find("columns of a sample differ from the CPU's"), std::string::npos);
  EXPECT_EQ(engine.text.find("M tx/s"), std::string::npos) << engine.text;
}

TEST(DeviceBenchTest, SeesWrongSlots) {
  const Outcome table = run_table_bench<Forgetful<kTableFind>>();
  EXPECT_EQ(table.failures, 1) << table.text;
  EXPECT_NE(table.text.find("answers are wrong"), std::string::npos) << table.text;
  EXPECT_EQ(table.text.find("table find at"), std::string::npos) << table.text;
}

TEST(WorkloadTest, KeysAreThoseOfText) {
  const char text[] = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(key_of_number(0x0807060504030201ULL), key_of({text, 8}));
}

TEST(WorkloadTest, WindowsFillAsAsked) {
  Workload work;
  work.accounts = 1000;
  EXPECT_EQ(time_of_payment(work, 32'000) - time_of_payment(work, 0), kLongestWindowMs);
  EXPECT_EQ(time_of_payment(work, 16'000) - time_of_payment(work, 0), kLongestWindowMs / 2);
  std::uint32_t of_ten = 0;
  for (std::uint64_t n = 0; n < 32'000; ++n) {
    const Payment payment = payment_of(work, n);
    EXPECT_LT(payment.customer.low, 1000U);
    of_ten += payment.customer.low < 10 ? 1 : 0;
  }
  EXPECT_NEAR(of_ten, 320, 60);
}

TEST(WorkloadTest, SharesAreAsAsked) {
  Workload work;
  work.hot_percent = 30;
  work.late_percent = 5;
  std::uint32_t hot = 0;
  std::uint32_t late = 0;
  for (std::uint64_t n = 0; n < 20'000; ++n) {
    const Payment payment = payment_of(work, n);
    hot += payment.customer.low == 0 ? 1 : 0;
    late += payment.time_ms < time_of_payment(work, n) ? 1 : 0;
    EXPECT_GE(payment.time_ms, time_of_payment(work, n) - work.late_ms);
  }
  EXPECT_NEAR(hot, 6000, 300);
  EXPECT_NEAR(late, 1000, 150);
}

TEST(WorkloadTest, RanksFollowTheLaw) {
  Workload work;
  work.accounts = 1 << 20;
  work.by_rank = true;
  std::uint32_t first = 0;
  std::uint32_t below_thousand = 0;
  for (std::uint64_t n = 0; n < 21'000; ++n) {
    const std::uint64_t rank = payment_of(work, n).customer.low;
    EXPECT_LT(rank, work.accounts);
    first += rank == 0 ? 1 : 0;
    below_thousand += rank < 1023 ? 1 : 0;
  }
  EXPECT_NEAR(first, 1000, 150);  // one octave of 21
  EXPECT_NEAR(below_thousand, 10'000, 500);
}

}  // namespace
}  // namespace warpscore
