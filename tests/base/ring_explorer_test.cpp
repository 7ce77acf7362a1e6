// The proof of SpscRing and Parker: every execution of small programs, and every weakened order
// caught. What the explorer itself can tell apart is shown first.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/parker.h"
#include "base/ring.h"
#include "tests/support/explorer.h"

namespace warpscore {
namespace {

using explorer::ModelAtomics;
using explorer::Options;
using explorer::Program;
using explorer::Report;
using explorer::Weakening;
using ModelWord = ModelAtomics::Atomic<std::uint64_t>;
using ModelRing = SpscRing<std::uint64_t, ModelAtomics>;
using ModelParker = BasicParker<ModelAtomics>;
using ProgramMaker = std::function<Program()>;

constexpr std::memory_order kRelaxed = std::memory_order_relaxed;
constexpr std::memory_order kAcquire = std::memory_order_acquire;
constexpr std::memory_order kRelease = std::memory_order_release;

// ---- The explorer on programs whose possible results the standard's examples name.

using Results = std::set<std::pair<std::uint64_t, std::uint64_t>>;

struct TwoWords {
  ModelWord x{0};
  ModelWord y{0};
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};
using Body = std::function<void(TwoWords&)>;

Results results_of(const std::vector<Body>& bodies) {
  Results results;
  const Report report = explorer::explore(
      [&] {
        auto words = std::make_shared<TwoWords>();
        Program program;
        for (const Body& body : bodies) program.threads.push_back([=] { body(*words); });
        program.at_end = [&results, words] { results.insert({words->first, words->second}); };
        return program;
      },
      {});
  EXPECT_EQ(report.failure, "");
  return results;
}

TEST(ExplorerTest, store_buffering_shows_both_old_values) {
  const Results results = results_of({[](TwoWords& words) {
                                        words.x.store(1, kRelease);
                                        words.first = words.y.load(kAcquire);
                                      },
                                      [](TwoWords& words) {
                                        words.y.store(1, kRelease);
                                        words.second = words.x.load(kAcquire);
                                      }});
  EXPECT_EQ(results, (Results{{0, 0}, {0, 1}, {1, 0}, {1, 1}}));
}

Results message_passing(std::memory_order store_order, std::memory_order load_order) {
  return results_of({[=](TwoWords& words) {
                       words.x.store(1, kRelaxed);
                       words.y.store(1, store_order);
                     },
                     [=](TwoWords& words) {
                       words.first = words.y.load(load_order);
                       words.second = words.x.load(kRelaxed);
                     }});
}

TEST(ExplorerTest, message_passing_needs_both_orders) {
  const Results in_order{{0, 0}, {0, 1}, {1, 1}};
  Results all = in_order;
  all.insert({1, 0});
  EXPECT_EQ(message_passing(kRelease, kAcquire), in_order);
  EXPECT_EQ(message_passing(kRelaxed, kAcquire), all);
  EXPECT_EQ(message_passing(kRelease, kRelaxed), all);
}

TEST(ExplorerTest, one_location_never_goes_back) {
  const Results results = results_of({[](TwoWords& words) {
                                        words.x.store(1, kRelaxed);
                                        words.x.store(2, kRelaxed);
                                      },
                                      [](TwoWords& words) {
                                        words.first = words.x.load(kRelaxed);
                                        words.second = words.x.load(kRelaxed);
                                      }});
  EXPECT_EQ(results, (Results{{0, 0}, {0, 1}, {0, 2}, {1, 1}, {1, 2}, {2, 2}}));
}

TEST(ExplorerTest, exchange_reads_the_newest_and_carries_a_release_on) {
  const Results results = results_of({[](TwoWords& words) {
                                        words.x.store(1, kRelaxed);
                                        words.y.exchange(1, kRelease);
                                      },
                                      [](TwoWords& words) { words.y.exchange(2, kRelaxed); },
                                      [](TwoWords& words) {
                                        words.first = words.y.load(kAcquire);
                                        words.second = words.x.load(kRelaxed);
                                      }});
  EXPECT_TRUE(results.contains({2, 0}));  // 2 was first, nothing released
  EXPECT_TRUE(results.contains({2, 1}));
  EXPECT_FALSE(results.contains({1, 0}));
}

TEST(ExplorerTest, finds_a_race_whatever_its_values) {
  struct Shared {
    ModelWord ready{0};
    ModelAtomics::Plain<int> slot;
  };
  const auto report_of = [](std::memory_order load_order) {
    return explorer::explore(
        [=] {
          auto shared = std::make_shared<Shared>();
          return Program{.threads = {[=] {
                                       shared->slot.put(1);
                                       shared->ready.store(1, kRelease);
                                     },
                                     [=] {
                                       if (shared->ready.load(load_order) == 1) shared->slot.take();
                                     }},
                         .at_end = {}};
        },
        {});
  };
  EXPECT_EQ(report_of(kAcquire).failure, "");
  EXPECT_EQ(report_of(kRelaxed).failure, "a race: read of plain memory");
}

// ---- The ring.

struct RingRun {
  explicit RingRun(std::size_t capacity) : ring(capacity) {}

  void push_some(std::uint32_t attempts) {
    for (std::uint32_t i = 0; i < attempts; ++i) pushed += ring.try_push(pushed + 1);
  }
  void pop_some(std::uint32_t attempts) {
    for (std::uint32_t i = 0; i < attempts; ++i) pop();
  }
  bool pop() {
    std::uint64_t value = 0;
    if (!ring.try_pop(value)) return false;
    explorer::require(value == ++popped, "an element lost, doubled, torn or out of turn");
    return true;
  }

  ModelRing ring;
  std::uint64_t pushed = 0;  // the producer's
  std::uint64_t popped = 0;  // the consumer's
};

// So many attempts at once from either side; then the rest is taken out, and nothing may miss.
ProgramMaker ring_program(std::size_t capacity, std::uint32_t pushes, std::uint32_t pops) {
  return [=] {
    auto run = std::make_shared<RingRun>(capacity);
    return Program{
        .threads = {[=] { run->push_some(pushes); }, [=] { run->pop_some(pops); }}, .at_end = [=] {
          while (run->pop()) {
          }
          explorer::require(run->popped == run->pushed, "an element lost");
          explorer::require(run->pushed >= std::min<std::uint64_t>(run->ring.capacity(), pushes),
                            "a push refused by a ring with room");
        }};
  };
}

// ---- The parker, with the ring: the consumer sleeps whenever the ring is empty. Without timeouts,
// a wake that is lost leaves it asleep for ever.

struct ParkedRun {
  ParkedRun(std::size_t producers, std::size_t capacity) {
    for (std::size_t i = 0; i < producers; ++i) runs.push_back(std::make_unique<RingRun>(capacity));
  }
  void push_and_wake(std::size_t producer, std::uint32_t pushes) {
    for (std::uint32_t i = 0; i < pushes; ++i) {
      runs[producer]->push_some(1);
      parker.wake();
    }
  }
  void pop_all(std::uint64_t expected) {
    constexpr std::chrono::nanoseconds kWait{1};
    std::uint64_t popped = 0;
    const auto pop_any = [&] {
      bool any = false;
      for (auto& run : runs) any = run->pop() || any;
      popped = 0;
      for (auto& run : runs) popped += run->popped;
      return any;
    };
    while (popped < expected) {
      const std::chrono::nanoseconds before = explorer::now();
      if (!parker.wait(pop_any, kWait)) {
        explorer::require(explorer::now() - before >= kWait, "a wait ended before its time");
      }
    }
  }

  std::vector<std::unique_ptr<RingRun>> runs;
  ModelParker parker;
};

ProgramMaker parker_program(std::size_t producers, std::uint32_t pushes) {
  return [=] {
    auto run = std::make_shared<ParkedRun>(producers, pushes);  // room for all: no push fails
    Program program;
    for (std::size_t i = 0; i < producers; ++i) {
      program.threads.push_back([=] { run->push_and_wake(i, pushes); });
    }
    program.threads.push_back([=] { run->pop_all(producers * pushes); });
    return program;
  };
}

// Both sides sleep: the producer while the ring is full, the consumer while it is empty.
ProgramMaker two_way_program(std::uint32_t pushes) {
  struct TwoWayRun {
    RingRun ring{1};
    ModelParker producer;
    ModelParker consumer;
  };
  return [=] {
    constexpr std::chrono::nanoseconds kWait{1};
    auto run = std::make_shared<TwoWayRun>();
    const auto push = [=] {
      while (run->ring.pushed < pushes) {
        const std::uint64_t value = run->ring.pushed + 1;
        run->ring.pushed +=
            run->producer.wait([&] { return run->ring.ring.try_push(value); }, kWait);
        run->consumer.wake();
      }
    };
    const auto pop = [=] {
      while (run->ring.popped < pushes) {
        if (run->consumer.wait([&] { return run->ring.pop(); }, kWait)) run->producer.wake();
      }
    };
    return Program{.threads = {push, pop}, .at_end = {}};
  };
}

void expect_proof(const std::string& name, const ProgramMaker& program, const Options& options,
                  std::uint64_t executions_min) {
  const Report report = explorer::explore(program, options);
  EXPECT_EQ(report.failure, "") << name;
  EXPECT_GE(report.executions, executions_min) << name;  // else the choices are not what we think
  std::printf("%-58s %9lu executions\n", name.c_str(),
              static_cast<unsigned long>(report.executions));
}

// Every operation that `sites` names, weakened, must make the program fail.
void expect_caught(const ProgramMaker& program, const std::set<std::string>& sites,
                   Weakening weakening) {
  for (const std::string& site : sites) {
    Options options;
    options.mutated_site = site;
    options.weakening = weakening;
    const Report report = explorer::explore(program, options);
    EXPECT_NE(report.failure, "") << site << ": this mutant lives";
    std::printf("  %-28s caught after %7lu executions: %s\n", site.c_str(),
                static_cast<unsigned long>(report.executions), report.failure.c_str());
  }
}

class RingProofTest : public testing::Test {
  void SetUp() override {
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "one thread that swaps stacks: nothing for ThreadSanitizer, and it cannot";
#endif
  }
};
using ParkerProofTest = RingProofTest;

TEST_F(RingProofTest, every_execution_is_right) {
  expect_proof("ring of 1: 4 pushes, 4 pops", ring_program(1, 4, 4), {}, 1'000);
  expect_proof("ring of 2: 3 pushes, 3 pops", ring_program(2, 3, 3), {}, 100);
  expect_proof("ring of 2: 4 pushes, 4 pops", ring_program(2, 4, 4), {}, 1'000);
  expect_proof("ring of 2: 5 pushes, 4 pops", ring_program(2, 5, 4), {}, 1'000);
  expect_proof("ring of 2: 6 pushes, 6 pops", ring_program(2, 6, 6), {}, 10'000);
  expect_proof("ring of 3 (4 slots): 5 pushes, 4 pops", ring_program(3, 5, 4), {}, 1'000);
}

TEST_F(RingProofTest, every_memory_order_is_needed) {
  const ProgramMaker program = ring_program(2, 4, 3);
  const Report report = explorer::explore(program, {});
  EXPECT_EQ(report.ordered_sites.size(), 4u);  // a load and a store each in try_push and try_pop
  expect_caught(program, report.ordered_sites, Weakening::kRelaxed);
}

TEST_F(ParkerProofTest, no_wake_is_lost) {
  expect_proof("parker: 1 producer, 1 push", parker_program(1, 1), {}, 10);
  expect_proof("parker: 1 producer, 2 pushes", parker_program(1, 2), {}, 100);
  expect_proof("parker: 2 producers, 1 push each", parker_program(2, 1), {}, 1'000);
  expect_proof("parker: 1 producer, 3 pushes", parker_program(1, 3), {}, 1'000);
  expect_proof("parkers of both sides, ring of 1, 2 pushes", two_way_program(2), {}, 1'000);
  Options options;
  options.timeouts_max = 2;
  expect_proof("parker: 1 producer, 2 pushes, 2 timeouts", parker_program(1, 2), options, 1'000);
}

TEST_F(ParkerProofTest, every_memory_order_is_needed) {
  const ProgramMaker program = parker_program(1, 2);
  const Report report = explorer::explore(program, {});
  std::set<std::string> parker_sites;
  for (const std::string& site : report.ordered_sites) {
    if (site.starts_with("parker.h")) parker_sites.insert(site);
  }
  EXPECT_EQ(parker_sites.size(), 3u);
  expect_caught(program, parker_sites, Weakening::kRelaxed);
}

TEST_F(ParkerProofTest, the_wake_has_to_be_one_exchange_and_to_be_made) {
  const ProgramMaker program = parker_program(1, 2);
  const Report report = explorer::explore(program, {});
  EXPECT_EQ(report.exchange_sites.size(), 3u);
  std::set<std::string> wake_exchange;
  for (const std::string& site : report.exchange_sites) {
    if (wake_exchange.empty()) wake_exchange.insert(site);  // the first in the file is wake's
  }
  expect_caught(program, wake_exchange, Weakening::kSplit);
  EXPECT_EQ(report.wake_sites.size(), 1u);
  expect_caught(program, report.wake_sites, Weakening::kSkipped);
}

}  // namespace
}  // namespace warpscore
