// Ring and parkers between two real threads, millions of times; built a second time with
// ThreadSanitizer, in every build.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "base/parker.h"
#include "base/ring.h"

namespace warpscore {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kTransfers = 1'000'000;
#else
constexpr std::uint64_t kTransfers = 10'000'000;
#endif
constexpr std::chrono::seconds kPatience{60};  // longer is a lost wake

// Four words, so that a torn element would show.
struct Element {
  std::uint64_t words[4];

  static Element of(std::uint64_t number) {
    return {{number, ~number, number * 0x9E3779B97F4A7C15u, number ^ 0x5555}};
  }
  friend bool operator==(const Element&, const Element&) = default;
};

struct Link {
  explicit Link(std::size_t capacity) : ring(capacity) {}
  SpscRing<Element> ring;
  Parker producer;
  Parker consumer;
};

// Stops either side now and then, so that full, empty and asleep all happen.
void stumble(std::uint64_t& random) {
  random ^= random << 13;
  random ^= random >> 7;
  random ^= random << 17;
  if (random % 4096 == 0)
    std::this_thread::sleep_for(std::chrono::microseconds(random / 4096 % 50));
}

void produce(Link& link, std::uint64_t transfers, bool& in_time) {
  std::uint64_t random = 1;
  for (std::uint64_t i = 0; i < transfers && in_time; ++i) {
    in_time = link.producer.wait([&] { return link.ring.try_push(Element::of(i)); }, kPatience);
    link.consumer.wake();
    stumble(random);
  }
}

void transfer(std::size_t capacity, std::uint64_t transfers) {
  Link link(capacity);
  bool produced_in_time = true;
  std::thread producer([&] { produce(link, transfers, produced_in_time); });
  std::uint64_t random = 2;
  std::uint64_t wrong = 0;
  bool in_time = true;
  for (std::uint64_t i = 0; i < transfers && in_time; ++i) {
    Element element{};
    in_time = link.consumer.wait([&] { return link.ring.try_pop(element); }, kPatience);
    link.producer.wake();
    wrong += !(element == Element::of(i));
    stumble(random);
  }
  producer.join();
  EXPECT_TRUE(in_time) << "the consumer slept on";
  EXPECT_TRUE(produced_in_time) << "the producer slept on";
  EXPECT_EQ(wrong, 0u);
  EXPECT_TRUE(link.ring.empty());
}

TEST(RingStressTest, capacity_1024) { transfer(1024, kTransfers); }
TEST(RingStressTest, capacity_2) { transfer(2, kTransfers / 10); }
TEST(RingStressTest, capacity_1) { transfer(1, kTransfers / 10); }

}  // namespace
}  // namespace warpscore
