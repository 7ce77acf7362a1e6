// Runs a small program of a few threads through every execution that the C++ memory model allows.
//
// The code under test takes ModelAtomics where it takes StdAtomics in the product. Threads are
// fibers of one thread; before each load, exchange, sleep and wake any other may go on, and a load
// may return any write that it may legally see. explore() goes through all of these choices.
//
// Model    each location has a history of writes; each thread a view: the oldest write it may still
//          see of every location. A release write carries the writer's view, an acquire load that
//          reads it (or a read-modify-write after it) takes it over. A read-modify-write reads the
//          newest write. Plain memory is checked by vector clocks: two accesses, one a write, that
//          nothing orders are a race, whatever the values were.
// Limits   a location has one storing thread or only read-modify-writes (checked), so that its
//          modification order is the order of execution; loads see no later write (complete where
//          each load is an acquire); seq_cst counts as acq_rel. Ring and Parker keep to all three.
// Mutants  explore() also runs the program with one operation weakened: a mutant that passes is an
//          order that the proof does not need, or a hole in the program.
// Memory   a failed execution leaves its fibers where they stand: their stacks must not own memory.
// Thread   one exploration at a time, all of it in the caller's thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace warpscore::explorer {

inline constexpr std::size_t kThreadsMax = 4;

// `body` of each thread, then `at_end` after all have ended. Made anew for every execution.
struct Program {
  std::vector<std::function<void()>> threads;
  std::function<void()> at_end;
};

enum class Weakening : std::uint8_t {
  kNone,
  kRelaxed,  // its memory order is dropped
  kSplit,    // a read-modify-write becomes a load and a store
  kSkipped,  // a wake that is not made
};

struct Options {
  std::string mutated_site;  // as in Report
  Weakening weakening = Weakening::kNone;
  std::uint32_t timeouts_max = 0;  // how many sleeps of an execution may run into their limit
  std::uint64_t executions_max = 50'000'000;
};

struct Report {
  std::uint64_t executions = 0;
  std::string failure;                  // of the first execution that failed; "" if none did
  std::set<std::string> ordered_sites;  // "ring.h:47 store": operations stronger than relaxed
  std::set<std::string> exchange_sites;
  std::set<std::string> wake_sites;
};

Report explore(const std::function<Program()>& make_program, const Options& options);

// Called by the program under test: the execution fails if `held` is false.
void require(bool held, const std::string& what);

using Where = std::source_location;
using Change = std::function<std::uint64_t(std::uint64_t)>;

// What ModelAtomics calls. Locations are numbered in the order of their construction.
std::uint32_t new_location(std::uint64_t value);
std::uint64_t load(std::uint32_t location, std::memory_order order, const Where& where);
void store(std::uint32_t location, std::uint64_t value, std::memory_order order,
           const Where& where);
std::uint64_t read_modify_write(std::uint32_t location, const Change& change,
                                std::memory_order order, const Where& where);
void sleep_on(std::uint32_t location, std::uint64_t expected, std::chrono::nanoseconds duration);
void wake_sleeper(std::uint32_t location, const Where& where);
std::chrono::nanoseconds now();

using Clock = std::array<std::uint32_t, kThreadsMax + 1>;  // one more for the caller of explore()

// Who touched a piece of plain memory last, and whether all of it was in order.
class AccessCheck {
 public:
  void on_write();
  void on_read();

 private:
  Clock writes_{};
  Clock reads_{};
};

struct ModelAtomics {
  template <class T>
  class Atomic {
   public:
    explicit Atomic(T value) : location_(new_location(value)) {}
    T load(std::memory_order order, const Where& where = Where::current()) const {
      return static_cast<T>(explorer::load(location_, order, where));
    }
    void store(T value, std::memory_order order, const Where& where = Where::current()) {
      explorer::store(location_, value, order, where);
    }
    T exchange(T value, std::memory_order order, const Where& where = Where::current()) {
      return static_cast<T>(read_modify_write(
          location_, [=](std::uint64_t) { return value; }, order, where));
    }
    T fetch_sub(T value, std::memory_order order, const Where& where = Where::current()) {
      const auto change = [=](std::uint64_t old) { return static_cast<T>(old - value); };
      return static_cast<T>(read_modify_write(location_, change, order, where));
    }
    std::uint32_t location() const { return location_; }

   private:
    std::uint32_t location_;
  };

  template <class T>
  class Plain {
   public:
    void put(T value) {
      check_.on_write();
      value_ = std::move(value);
    }
    T take() {
      check_.on_read();
      return value_;
    }

   private:
    AccessCheck check_;
    T value_{};
  };

  static constexpr std::uint32_t kSpins = 0;
  static void pause() {}
  static std::chrono::nanoseconds now() { return explorer::now(); }
  static void wait_for(Atomic<std::uint32_t>& word, std::uint32_t expected,
                       std::chrono::nanoseconds duration) {
    sleep_on(word.location(), expected, duration);
  }
  static void wake_one(Atomic<std::uint32_t>& word, const Where& where = Where::current()) {
    wake_sleeper(word.location(), where);
  }
};

}  // namespace warpscore::explorer
