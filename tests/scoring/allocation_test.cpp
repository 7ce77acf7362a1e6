// The data path allocates nothing once it is warm: 10,000 batches without one operator new.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "ingest/decode.h"
#include "scoring/engine.h"
#include "scoring/host_engine.h"
#include "service/generator.h"
#include "service/setup.h"
#include "tests/differential/random_case.h"
#include "tests/support/engine_run.h"
#include "tests/support/thread_engine.h"

namespace {

std::atomic<std::uint64_t> allocations{0};

void* allocate(std::size_t bytes, std::size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* const memory =
      std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes, alignof(std::max_align_t)); }
void* operator new[](std::size_t bytes) { return allocate(bytes, alignof(std::max_align_t)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes, alignof(std::max_align_t));
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes, alignof(std::max_align_t));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace warpscore {
namespace {

constexpr std::uint32_t kWarmUp = 3'000;  // batches: windows and tables have their size then
constexpr std::uint32_t kCounted = 10'000;
constexpr std::size_t kTextBytes = 1U << 20;

struct Shape {
  std::uint32_t threads = 1;
  std::uint32_t batch = 8;
  std::uint32_t batches = kCounted;
  bool on_device = false;  // the GPU's engine, on host threads; its memory is counted as well
};

// Allocations inside the engine, of batches after the warm-up.
class Counter {
 public:
  explicit Counter(const Shape& shape) : shape_(shape) {}

  // `fill` adds rows to the batch; `after` is run after every hundredth batch.
  template <class Fill, class After>
  std::uint64_t count(const Plan& plan, const Fill& fill, const After& after) {
    EngineOptions options;
    options.threads = shape_.threads;
    options.batch_max = shape_.batch;
    Engine engine(shape_.on_device ? open_thread_engine(plan, options, {})
                                   : open_host_engine(plan, options));
    Batch batch(plan.schema(), shape_.batch, kTextBytes, engine.batch_memory());
    Results results;
    std::uint64_t counted = 0;
    for (std::uint32_t i = 0; i < kWarmUp + shape_.batches; ++i) {
      batch.clear();
      for (std::uint32_t row = 0; row < shape_.batch; ++row) fill(batch);
      const std::uint64_t before = allocations.load();
      engine.process(batch.view(), results);
      if (i % 100 == 0) after(engine);
      if (i >= kWarmUp) counted += allocations.load() - before;
    }
    EXPECT_EQ(engine.counters().transactions,
              std::uint64_t{kWarmUp + shape_.batches} * shape_.batch);
    return counted;
  }

 private:
  const Shape shape_;
};

// Features of every kind, histories that are full, labels.
std::uint64_t count_with_every_feature(const Shape& shape) {
  Dictionary dictionary(1U << 16);
  Random random(3);
  PlanInput input;
  input.schema = random_case_schema(LabelsFrom::kTopic);
  input.features = every_feature(LabelsFrom::kTopic);
  input.state.history_max = 64;
  TrafficShape traffic;
  traffic.transactions = (kWarmUp + shape.batches) * shape.batch;
  traffic.keys = 10;
  const std::vector<Step> steps =
      random_steps(random, input.schema, traffic, LabelsFrom::kNowhere, dictionary);
  const Plan plan(input, dictionary);
  std::size_t step = 0;
  return Counter(shape).count(
      plan, [&](Batch& batch) { add_row(batch, plan.schema(), steps[step++].transaction); },
      [&](Engine& engine) {
        const Transaction& last = steps[step - 1].transaction;
        engine.apply_label({last.id_hash, last.time_ms, last.keys.data(), true});
      });
}

// The program's own example: windows of a month, a forest, alerts on its score. Its customers and
// terminals are few and known after the warm-up.
std::uint64_t count_with_the_example(const Shape& shape) {
  const std::optional<Setup> setup = embedded_setup();
  JsonDecoder decoder(setup->plan->schema(), *setup->dictionary, {});
  Generator generator({Scenario::kUniform, 1, 50});
  std::string json;
  return Counter(shape).count(
      *setup->plan,
      [&](Batch& batch) {
        json.clear();
        append_json(generator.next(), json);
        RawTransaction raw;
        raw.value = json;
        ASSERT_TRUE(decoder.decode(raw, batch));
      },
      [](Engine&) {});
}

TEST(Allocation, TheCountIsSeen) {
  const std::uint64_t before = allocations.load();
  const auto made = std::make_unique<std::vector<int>>(7);
  EXPECT_GE(allocations.load(), before + 2);
}

TEST(Allocation, TenThousandBatchesAllocateNothing) {
  EXPECT_EQ(count_with_every_feature({1, 8, kCounted}), 0U);
  EXPECT_EQ(count_with_the_example({1, 8, kCounted}), 0U);
}

TEST(Allocation, NeitherTheGpusEngine) {
  EXPECT_EQ(count_with_every_feature({1, 8, 1000, true}), 0U);
  EXPECT_EQ(count_with_the_example({1, 100, 1000, true}), 0U);
}

// Large enough for the threads to share a batch. TBB's own memory is not counted here.
TEST(Allocation, NeitherWithSeveralThreads) {
  EXPECT_EQ(count_with_every_feature({3, 8, kCounted}), 0U);
  EXPECT_EQ(count_with_the_example({3, 1100, 300}), 0U);
}

}  // namespace
}  // namespace warpscore
