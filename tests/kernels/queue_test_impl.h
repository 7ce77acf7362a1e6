// What every Queue does, as tests over a Bed: Bed::Queue, Bed::open() a new one, Bed::present()
// whether there can be one here, Bed::kRounds how often a test that may go several ways is
// repeated.
//
// Tasks   stand at namespace level: a kernel's arguments have no local types.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/host_device.h"
#include "base/shared_word.h"
#include "kernels/queue.h"

namespace warpscore {

inline constexpr std::uint32_t kTestRowsMax = 5'000;

struct AddOne {
  std::uint32_t* values;
  WARPSCORE_HD void operator()(std::uint32_t i) const { ++values[i]; }
};

struct AddIndexTo {
  std::uint32_t* values;
  WARPSCORE_HD void operator()(std::uint32_t i) const { values[i] += i; }
};

struct MultiplyBy {
  std::uint32_t* values;
  std::uint32_t factor;
  WARPSCORE_HD void operator()(std::uint32_t i) const { values[i] *= factor; }
};

// All indices meet at few words.
struct CountInto {
  std::uint32_t* counters;
  std::uint32_t modulus;
  WARPSCORE_HD void operator()(std::uint32_t i) const { shared_add(counters[i % modulus], 1U); }
};

// A running sum that outlives batches, and what it was after each.
struct Accumulate {
  std::uint32_t* sum;
  const std::uint32_t* input;
  std::uint32_t* output;
  WARPSCORE_HD void operator()(std::uint32_t i) const { output[i] = sum[i] += input[i]; }
};

// A task of the largest size.
struct AddMany {
  std::uint32_t* values;
  std::array<std::uint32_t, (kTaskBytesMax - sizeof(std::uint32_t*)) / sizeof(std::uint32_t)> add;
  WARPSCORE_HD void operator()(std::uint32_t i) const { values[i] += add.data()[i]; }
};
static_assert(sizeof(AddMany) == kTaskBytesMax);

// Every team reverses its part of the values, by way of its shared memory.
struct ReverseParts {
  static constexpr int kThreads = 64;
  std::uint32_t* values;
  std::uint32_t count;
  std::uint32_t part;

  [[nodiscard]] std::size_t shared_bytes() const { return part * sizeof(std::uint32_t); }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team, std::uint32_t number) const {
    auto* const shared = reinterpret_cast<std::uint32_t*>(team.shared_memory());
    std::uint32_t* const own = values + std::uint64_t{number} * part;
    const std::uint32_t size = count - number * part < part ? count - number * part : part;
    team.each(size, [&](std::uint32_t i) { shared[i] = own[i]; });
    team.each(size, [&](std::uint32_t i) { own[i] = shared[size - 1 - i]; });
  }
};

// Prefix sums by doubling: each step reads what others wrote in the step before.
struct PrefixSums {
  static constexpr int kThreads = 128;
  std::uint32_t* values;
  std::uint32_t* other;
  std::uint32_t count;

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team) const {
    std::uint32_t* from = values;
    std::uint32_t* to = other;
    for (std::uint32_t step = 1; step < count; step *= 2) {
      team.each(count, [&](std::uint32_t i) { to[i] = from[i] + (i < step ? 0 : from[i - step]); });
      std::uint32_t* const swap = from;
      from = to;
      to = swap;
    }
    if (from != values) team.each(count, [&](std::uint32_t i) { values[i] = from[i]; });
  }
};

// Halves every value until all are zero. Each worker decides for itself to go on, so all must
// agree; the word that they agree on is written anew at once.
struct HalveUntilZero {
  static constexpr int kThreads = 96;
  std::uint32_t* values;
  std::uint32_t* rounds;  // what the worker that took value i counted
  std::uint32_t* any;
  std::uint32_t count;

  [[nodiscard]] static std::size_t shared_bytes() { return 0; }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team) const {
    std::uint32_t mine = 0;
    for (bool more = true; more; ++mine) {
      team.leader([&] { *any = 0; });
      team.each(count, [&](std::uint32_t i) {
        values[i] /= 2;
        if (values[i] != 0) shared_or(*any, 1U);
      });
      more = team.agree(*any) != 0;
    }
    team.each(count, [&](std::uint32_t i) { rounds[i] = mine; });
  }
  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team, std::uint32_t number) const {
    const std::uint32_t first = number * count;
    HalveUntilZero{values + first, rounds + first, any + number, count}(team);
  }
};

template <class Bed>
class QueueTest : public testing::Test {
 protected:
  using Numbers = std::pmr::vector<std::uint32_t>;

  void SetUp() override {
    std::string why_not;
    if (!Bed::present(why_not)) GTEST_SKIP() << why_not;
  }

  template <class Queue>
  static std::uint32_t* device_numbers(Queue& queue, std::size_t count) {
    return reinterpret_cast<std::uint32_t*>(queue.device_memory(count * sizeof(std::uint32_t)));
  }
  template <class Queue>
  static void bring(Queue& queue, std::uint32_t* device, const Numbers& numbers) {
    queue.copy_in(device, numbers.data(), numbers.size() * sizeof(std::uint32_t));
    queue.copied_in();
  }
  template <class Queue>
  static Numbers fetched(Queue& queue, const std::uint32_t* device, std::size_t count) {
    Numbers numbers(count, 0, &queue.staging_memory());
    queue.computed();
    queue.copy_out(numbers.data(), device, count * sizeof(std::uint32_t));
    queue.wait(queue.fence());
    return numbers;
  }
  template <class Queue>
  static Numbers some_numbers(Queue& queue, std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Numbers numbers(count, 0, &queue.staging_memory());
    for (std::uint32_t& number : numbers) number = static_cast<std::uint32_t>(random());
    return numbers;
  }
};
TYPED_TEST_SUITE_P(QueueTest);

TYPED_TEST_P(QueueTest, memory_of_the_device_is_zeroed_and_what_goes_in_comes_out) {
  const auto queue = TypeParam::open();
  std::uint32_t* const device = this->device_numbers(*queue, 1'000);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(device) % 256, 0u);
  for (const std::uint32_t number : this->fetched(*queue, device, 1'000)) EXPECT_EQ(number, 0u);
  const auto numbers = this->some_numbers(*queue, 999, 1);
  this->bring(*queue, device, numbers);
  auto back = this->fetched(*queue, device, 1'000);
  EXPECT_EQ(back.back(), 0u);
  back.pop_back();
  EXPECT_EQ(back, numbers);
}

TYPED_TEST_P(QueueTest, kernels_run_in_the_order_queued_and_each_index_once) {
  for (int round = 0; round < TypeParam::kRounds; ++round) {
    const auto queue = TypeParam::open();
    for (const std::uint32_t count : {0U, 1U, 2U, 255U, 256U, 257U, 1'000U}) {
      std::uint32_t* const device = this->device_numbers(*queue, count + 1);
      const auto numbers = this->some_numbers(*queue, count + 1, count);
      this->bring(*queue, device, numbers);
      queue->zero(device, count * sizeof(std::uint32_t));
      queue->each("add index", count, AddIndexTo{device});
      queue->each("multiply", count, MultiplyBy{device, 3});
      queue->each("add one", count, AddOne{device});
      const auto result = this->fetched(*queue, device, count + 1);
      for (std::uint32_t i = 0; i < count; ++i) ASSERT_EQ(result[i], 3 * i + 1) << count;
      EXPECT_EQ(result[count], numbers[count]);
    }
  }
}

TYPED_TEST_P(QueueTest, workers_add_to_the_same_words) {
  const auto queue = TypeParam::open();
  std::uint32_t* const counters = this->device_numbers(*queue, 3);
  queue->each("count", 90'000, CountInto{counters, 3});
  for (const std::uint32_t met : this->fetched(*queue, counters, 3)) EXPECT_EQ(met, 30'000u);
}

TYPED_TEST_P(QueueTest, a_task_may_have_the_largest_size) {
  const auto queue = TypeParam::open();
  AddMany task{};
  std::iota(task.add.begin(), task.add.end(), 7U);
  const auto count = static_cast<std::uint32_t>(task.add.size());
  task.values = this->device_numbers(*queue, count);
  queue->each("add many", count, task);
  const auto result = this->fetched(*queue, task.values, count);
  EXPECT_TRUE(std::equal(result.begin(), result.end(), task.add.begin()));
}

TYPED_TEST_P(QueueTest, teams_have_shared_memory_of_their_own) {
  for (int round = 0; round < TypeParam::kRounds; ++round) {
    const auto queue = TypeParam::open();
    const auto most = static_cast<std::uint32_t>(queue->shared_bytes_max() / sizeof(std::uint32_t));
    ASSERT_GE(queue->shared_bytes_max(), 48U << 10);
    for (const auto& [count, part] :
         {std::pair{1U, 1U}, {1'000U, 7U}, {5'000U, 64U}, {4 * most + 1, most}}) {
      const auto numbers = this->some_numbers(*queue, count, part);
      std::uint32_t* const device = this->device_numbers(*queue, count);
      this->bring(*queue, device, numbers);
      queue->teams("reverse", (count - 1) / part + 1, ReverseParts{device, count, part});
      std::vector<std::uint32_t> expected(numbers.begin(), numbers.end());
      for (std::uint32_t first = 0; first < count; first += part) {
        std::reverse(expected.begin() + first, expected.begin() + std::min(first + part, count));
      }
      const auto result = this->fetched(*queue, device, count);
      ASSERT_TRUE(std::equal(result.begin(), result.end(), expected.begin())) << part;
    }
  }
}

TYPED_TEST_P(QueueTest, the_whole_team_meets_after_every_step) {
  for (int round = 0; round < TypeParam::kRounds; ++round) {
    const auto queue = TypeParam::open();
    for (const std::uint32_t count : {0U, 1U, 2U, 3U, 1'000U, 4'097U}) {
      const auto numbers = this->some_numbers(*queue, count, count);
      std::uint32_t* const device = this->device_numbers(*queue, count);
      std::uint32_t* const other = this->device_numbers(*queue, count);
      this->bring(*queue, device, numbers);
      queue->whole_team("prefix sums", PrefixSums{device, other, count});
      const auto result = this->fetched(*queue, device, count);
      std::vector<std::uint32_t> expected(count);
      std::partial_sum(numbers.begin(), numbers.end(), expected.begin());
      ASSERT_TRUE(std::equal(result.begin(), result.end(), expected.begin())) << count;
    }
  }
}

TYPED_TEST_P(QueueTest, workers_of_a_team_agree) {
  constexpr std::uint32_t kCount = 700;
  constexpr std::uint32_t kTeams = 9;
  for (int round = 0; round < TypeParam::kRounds; ++round) {
    const auto queue = TypeParam::open();
    std::uint32_t* const values = this->device_numbers(*queue, kCount * kTeams);
    std::uint32_t* const rounds = this->device_numbers(*queue, kCount * kTeams);
    std::uint32_t* const any = this->device_numbers(*queue, kTeams);
    auto numbers = this->some_numbers(*queue, kCount * kTeams, 3);
    for (std::uint32_t i = 0; i < numbers.size(); ++i) {
      numbers[i] = i % kCount == 5 ? 1U << i / kCount : 0;
    }
    this->bring(*queue, values, numbers);
    queue->teams("halve", kTeams, HalveUntilZero{values, rounds, any, kCount});
    auto result = this->fetched(*queue, rounds, kCount * kTeams);
    for (std::uint32_t i = 0; i < result.size(); ++i) ASSERT_EQ(result[i], i / kCount + 1);

    numbers.assign(kCount * kTeams, 1U << 20);
    this->bring(*queue, values, numbers);
    queue->whole_team("halve", HalveUntilZero{values, rounds, any, kCount * kTeams});
    result = this->fetched(*queue, rounds, kCount * kTeams);
    for (const std::uint32_t seen : result) ASSERT_EQ(seen, 21u);
  }
}

TYPED_TEST_P(QueueTest, sort_is_stable_and_looks_at_the_low_bits_only) {
  const auto queue = TypeParam::open();
  std::array<std::uint32_t*, 4> device{};
  for (std::uint32_t*& numbers : device) numbers = this->device_numbers(*queue, kTestRowsMax);
  for (const std::uint32_t key_bits : {1U, 5U, 8U, 9U, 17U, 31U, 32U}) {
    for (const std::uint32_t count : {0U, 1U, 2U, 100U, kTestRowsMax}) {
      const auto keys = this->some_numbers(*queue, count, key_bits + count);
      typename TestFixture::Numbers places(count, 0, &queue->staging_memory());
      std::iota(places.begin(), places.end(), 0U);
      std::vector<std::uint32_t> expected(places.begin(), places.end());
      const std::uint32_t mask = ~0U >> (32 - key_bits);
      std::stable_sort(expected.begin(), expected.end(), [&](std::uint32_t a, std::uint32_t b) {
        return (keys[a] & mask) < (keys[b] & mask);
      });
      this->bring(*queue, device[0], keys);
      this->bring(*queue, device[2], places);
      queue->sort({device[0], device[1], device[2], device[3]}, count, key_bits);
      const auto sorted_keys = this->fetched(*queue, device[1], count);
      const auto sorted = this->fetched(*queue, device[3], count);
      for (std::uint32_t i = 0; i < count; ++i) {
        ASSERT_EQ(sorted[i], expected[i]) << key_bits << " bits, " << count << " pairs";
        ASSERT_EQ(sorted_keys[i], keys[expected[i]]);
      }
    }
  }
}

TYPED_TEST_P(QueueTest, columns_come_out_apart) {
  const auto queue = TypeParam::open();
  constexpr std::size_t kPitch = 100;
  const auto numbers = this->some_numbers(*queue, 3 * kPitch, 8);
  std::uint32_t* const device = this->device_numbers(*queue, 3 * kPitch);
  this->bring(*queue, device, numbers);
  queue->each("add one", 3 * kPitch, AddOne{device});
  typename TestFixture::Numbers result(3 * kPitch, 9, &queue->staging_memory());
  queue->computed();
  queue->copy_out_columns(result.data(), device, 4 * sizeof(std::uint32_t),
                          kPitch * sizeof(std::uint32_t), 3);
  queue->copy_out_columns(result.data() + 50, device, 0, kPitch * sizeof(std::uint32_t), 3);
  queue->copy_out_columns(result.data() + 50, device, 4, kPitch * sizeof(std::uint32_t), 0);
  queue->wait(queue->fence());
  for (std::size_t i = 0; i < result.size(); ++i) {
    EXPECT_EQ(result[i], i % kPitch < 4 ? numbers[i] + 1 : 9) << i;
  }
}

// Three batches in flight over three sets of buffers, more of them than a queue remembers fences.
TYPED_TEST_P(QueueTest, batches_in_flight_keep_their_order_and_their_buffers) {
  constexpr std::uint32_t kRows = 300;
  constexpr std::uint32_t kBatches = 200;
  struct Slot {
    typename TestFixture::Numbers staged_in, staged_out;
    std::uint32_t *input, *output;
    Fence fence{};
  };
  for (int round = 0; round < TypeParam::kRounds; ++round) {
    const auto queue = TypeParam::open();
    std::uint32_t* const sum = this->device_numbers(*queue, kRows);
    std::vector<Slot> slots;
    for (int i = 0; i < 3; ++i) {
      slots.push_back({typename TestFixture::Numbers(kRows, 0, &queue->staging_memory()),
                       typename TestFixture::Numbers(kRows, 0, &queue->staging_memory()),
                       this->device_numbers(*queue, kRows), this->device_numbers(*queue, kRows)});
    }
    std::uint32_t expected = 0;
    const auto finish = [&](std::uint32_t batch) {
      const Slot& slot = slots[batch % slots.size()];
      while (batch % 2 == 0 && !queue->passed(slot.fence)) {
      }
      queue->wait(slot.fence);
      EXPECT_TRUE(queue->passed(slot.fence));
      expected += batch;
      for (std::uint32_t i = 0; i < kRows; ++i) ASSERT_EQ(slot.staged_out[i], expected * (i + 1));
    };
    for (std::uint32_t batch = 0; batch < kBatches; ++batch) {
      if (batch >= slots.size()) finish(batch - static_cast<std::uint32_t>(slots.size()));
      Slot& slot = slots[batch % slots.size()];
      queue->begin(batch);
      for (std::uint32_t i = 0; i < kRows; ++i) slot.staged_in[i] = batch * (i + 1);
      this->bring(*queue, slot.input, slot.staged_in);
      queue->each("accumulate", kRows, Accumulate{sum, slot.input, slot.output});
      queue->computed();
      queue->copy_out(slot.staged_out.data(), slot.output, kRows * sizeof(std::uint32_t));
      slot.fence = queue->fence();
    }
    for (std::uint32_t batch = kBatches - 3; batch < kBatches; ++batch) finish(batch);
  }
}

TYPED_TEST_P(QueueTest, fences_outnumber_what_a_queue_remembers) {
  const auto queue = TypeParam::open();
  std::uint32_t* const device = this->device_numbers(*queue, 1);
  std::vector<Fence> fences;
  for (std::uint32_t i = 0; i < 300; ++i) {
    queue->each("add one", 1, AddOne{device});
    fences.push_back(queue->fence());
  }
  queue->wait(fences.back());
  for (const Fence fence : fences) EXPECT_TRUE(queue->passed(fence));
  EXPECT_EQ(this->fetched(*queue, device, 1)[0], 300u);
}

TYPED_TEST_P(QueueTest, out_of_device_memory_says_what_was_asked_for) {
  const auto queue = TypeParam::open();
  const std::size_t bytes = queue->device_memory_free() + (std::size_t{1} << 40);
  try {
    queue->device_memory(bytes);
    FAIL() << "there was memory for " << bytes << " bytes";
  } catch (const DeviceError& error) {
    EXPECT_NE(std::string(error.what()).find(std::to_string(bytes)), std::string::npos)
        << error.what();
  }
  EXPECT_NE(queue->device_memory(100), nullptr);
}

REGISTER_TYPED_TEST_SUITE_P(QueueTest, memory_of_the_device_is_zeroed_and_what_goes_in_comes_out,
                            kernels_run_in_the_order_queued_and_each_index_once,
                            workers_add_to_the_same_words, a_task_may_have_the_largest_size,
                            teams_have_shared_memory_of_their_own,
                            the_whole_team_meets_after_every_step, workers_of_a_team_agree,
                            sort_is_stable_and_looks_at_the_low_bits_only, columns_come_out_apart,
                            batches_in_flight_keep_their_order_and_their_buffers,
                            fences_outnumber_what_a_queue_remembers,
                            out_of_device_memory_says_what_was_asked_for);

}  // namespace warpscore
