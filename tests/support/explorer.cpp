#include "tests/support/explorer.h"

#include <ucontext.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace warpscore::explorer {
namespace {

constexpr std::size_t kStackBytes = 256 * 1024;
constexpr std::size_t kLocationsMax = 8;
constexpr std::size_t kStepsMax = 10'000;
constexpr std::size_t kCaller = kThreadsMax;  // the number of explore()'s caller among the threads

bool acquires(std::memory_order order) {
  return order != std::memory_order_relaxed && order != std::memory_order_release;
}
bool releases(std::memory_order order) {
  return order != std::memory_order_relaxed && order != std::memory_order_acquire &&
         order != std::memory_order_consume;
}

// What a thread knows: of each location the oldest write it may still read, and the clock.
struct Knowledge {
  std::array<std::uint32_t, kLocationsMax> view{};
  Clock clock{};

  void join(const Knowledge& other) {
    for (std::size_t i = 0; i < view.size(); ++i) view[i] = std::max(view[i], other.view[i]);
    for (std::size_t i = 0; i < clock.size(); ++i) clock[i] = std::max(clock[i], other.clock[i]);
  }
};

struct Write {
  std::uint64_t value;
  Knowledge released;  // what an acquire load of it learns
};

struct Location {
  std::vector<Write> history;
  std::optional<std::size_t> storer;  // the thread that stores to it
  bool exchanged = false;
};

struct Fiber {
  std::unique_ptr<char[]> stack = std::make_unique<char[]>(kStackBytes);
  ucontext_t context{};
  std::function<void()> body;
  bool ended = true;
  std::optional<std::uint32_t> sleeps_on;  // a location
};

// One decision of an execution: which of `options` was taken.
struct Choice {
  std::uint32_t taken;
  std::uint32_t options;
};

class Explorer {
 public:
  explicit Explorer(const Options& options) : options_(options) {}

  Report run(const std::function<Program()>& make_program) {
    do {
      execute(make_program());
      ++report_.executions;
    } while (report_.failure.empty() && report_.executions < options_.executions_max &&
             next_choices());
    if (report_.failure.empty() && !choices_.empty()) fail("too many executions to see all");
    return std::move(report_);
  }

  void start_execution() {
    locations_.clear();
    knowledge_.assign(kThreadsMax + 1, {});
    thread_ = kCaller;
    choice_ = 0;
    timeouts_ = 0;
    now_ = {};
  }

  void fail(const std::string& what) {
    if (report_.failure.empty()) report_.failure = what;
  }
  Knowledge& mine() { return knowledge_[thread_]; }
  std::size_t thread() const { return thread_; }

  std::uint32_t add_location(std::uint64_t value) {
    WARPSCORE_CHECK(locations_.size() < kLocationsMax);
    locations_.emplace_back().history.push_back({value, {}});
    return static_cast<std::uint32_t>(locations_.size() - 1);
  }

  std::uint64_t load(std::uint32_t location, std::memory_order order) {
    step();
    const std::vector<Write>& history = locations_[location].history;
    const std::uint32_t oldest = mine().view[location];
    const auto newest = static_cast<std::uint32_t>(history.size() - 1);
    const std::uint32_t read = newest - choose(newest - oldest + 1);
    mine().view[location] = read;
    if (acquires(order)) mine().join(history[read].released);
    return history[read].value;
  }

  // Nobody need go first here: whoever loads afterwards may read the write before this one all the
  // same. That holds for one storer and no exchange, and is checked.
  void store(std::uint32_t location, std::uint64_t value, std::memory_order order) {
    std::optional<std::size_t>& storer = locations_[location].storer;
    if (thread_ != kCaller) {  // the caller is alone
      WARPSCORE_CHECK(!storer || storer == thread_);
      storer = thread_;
    }
    append(location, value, order, {});
  }

  std::uint64_t split_read_modify_write(std::uint32_t location, const Change& change,
                                        std::memory_order order) {
    const std::uint64_t before = load(location, order);
    step();
    append(location, change(before), order, {});
    return before;
  }

  std::uint64_t read_modify_write(std::uint32_t location, const Change& change,
                                  std::memory_order order) {
    step();
    locations_[location].exchanged = true;
    const Write before = locations_[location].history.back();
    if (acquires(order)) mine().join(before.released);
    append(location, change(before.value), order, before.released);
    return before.value;
  }

  // Compares with the newest write, as the kernel does, which holds a lock against wake_sleeper.
  void sleep_on(std::uint32_t location, std::uint64_t expected, std::chrono::nanoseconds duration) {
    step();
    if (locations_[location].history.back().value != expected) return;
    fibers_[thread_].sleeps_on = location;
    yield();
    if (!fibers_[thread_].sleeps_on) return;
    fibers_[thread_].sleeps_on.reset();
    ++timeouts_;
    now_ += duration;
  }

  void wake_sleeper(std::uint32_t location) {
    step();
    for (Fiber& fiber : fibers_) {
      if (!fiber.ended && fiber.sleeps_on == location) {
        fiber.sleeps_on.reset();
        return;
      }
    }
  }

  std::chrono::nanoseconds now() const { return now_; }

  // Notes the operation and says how it is to be weakened.
  Weakening visit(std::set<std::string>& sites, const char* operation, const Where& where) {
    const std::string file = where.file_name();
    const std::string site =
        file.substr(file.rfind('/') + 1) + ":" + std::to_string(where.line()) + " " + operation;
    sites.insert(site);
    return site == options_.mutated_site ? options_.weakening : Weakening::kNone;
  }
  Report& report() { return report_; }
  void run_fiber() {
    finish_switch(thread_);
    Fiber& fiber = fibers_[thread_];
    fiber.body();
    fiber.ended = true;
    yield();
  }

 private:
  void execute(Program program) {
    const std::size_t threads = program.threads.size();
    WARPSCORE_CHECK(threads <= kThreadsMax);
    for (std::size_t i = 0; i < threads; ++i) start_fiber(i, std::move(program.threads[i]));
    for (std::size_t steps = 0; report_.failure.empty(); ++steps) {
      std::array<std::size_t, kThreadsMax> ready;
      std::uint32_t ready_count = 0;
      for (std::size_t i = 0; i < threads; ++i) {
        if (may_go_on(fibers_[i])) ready[ready_count++] = i;
      }
      if (ready_count == 0) break;
      if (steps == kStepsMax) fail("does not end");
      resume(ready[choose(ready_count)]);
    }
    for (std::size_t i = 0; i < threads; ++i) {
      if (!fibers_[i].ended) fail("thread " + std::to_string(i) + " sleeps for ever");
    }
    if (!report_.failure.empty()) return;
    for (std::size_t i = 0; i < threads; ++i) mine().join(knowledge_[i]);
    if (program.at_end) program.at_end();
  }

  bool may_go_on(const Fiber& fiber) const {
    return !fiber.ended && (!fiber.sleeps_on || timeouts_ < options_.timeouts_max);
  }

  // The next execution in depth-first order: the last choice that has an option left takes it.
  bool next_choices() {
    while (!choices_.empty() && choices_.back().taken + 1 == choices_.back().options) {
      choices_.pop_back();
    }
    if (choices_.empty()) return false;
    ++choices_.back().taken;
    return true;
  }

  std::uint32_t choose(std::uint32_t options) {
    if (options == 1) return 0;
    if (choice_ == choices_.size()) choices_.push_back({0, options});
    WARPSCORE_CHECK(choices_[choice_].options == options);  // executions repeat exactly
    return choices_[choice_++].taken;
  }

  void append(std::uint32_t location, std::uint64_t value, std::memory_order order,
              Knowledge inherited) {
    Location& written = locations_[location];
    WARPSCORE_CHECK(!written.storer || !written.exchanged);
    mine().view[location] = static_cast<std::uint32_t>(written.history.size());
    if (releases(order)) inherited.join(mine());
    written.history.push_back({value, std::move(inherited)});
    ++mine().clock[thread_];  // what comes after this write is not released by it
  }

  // Before an operation: anyone else may go first.
  void step() {
    if (thread_ != kCaller) yield();
  }

  void start_fiber(std::size_t number, std::function<void()> body);
  void resume(std::size_t number) {
    thread_ = number;
    Fiber& fiber = fibers_[number];
    start_switch(kCaller, fiber.stack.get(), kStackBytes);
    swapcontext(&caller_, &fiber.context);
    finish_switch(kCaller);
    thread_ = kCaller;
  }
  void yield() {
    start_switch(thread_, caller_stack_, caller_stack_bytes_);
    swapcontext(&fibers_[thread_].context, &caller_);
    finish_switch(thread_);
  }

  // AddressSanitizer has to know on which stack we are.
#if defined(__SANITIZE_ADDRESS__)
  void start_switch(std::size_t self, const void* stack, std::size_t bytes) {
    __sanitizer_start_switch_fiber(&fake_stacks_[self], stack, bytes);
  }
  void finish_switch(std::size_t self) {
    const void* from = nullptr;
    std::size_t bytes = 0;
    __sanitizer_finish_switch_fiber(fake_stacks_[self], &from, &bytes);
    if (caller_stack_ == nullptr) {
      caller_stack_ = from;
      caller_stack_bytes_ = bytes;
    }
  }
  void new_switch(std::size_t number) { fake_stacks_[number] = nullptr; }
  std::array<void*, kThreadsMax + 1> fake_stacks_{};
#else
  void start_switch(std::size_t, const void*, std::size_t) {}
  void finish_switch(std::size_t) {}
  void new_switch(std::size_t) {}
#endif

  const Options options_;
  Report report_;
  std::vector<Choice> choices_;
  std::size_t choice_ = 0;

  // Of the present execution.
  std::vector<Location> locations_;
  std::vector<Knowledge> knowledge_;
  std::array<Fiber, kThreadsMax> fibers_;
  std::size_t thread_ = kCaller;
  std::uint32_t timeouts_ = 0;
  std::chrono::nanoseconds now_{};
  ucontext_t caller_{};
  const void* caller_stack_ = nullptr;
  std::size_t caller_stack_bytes_ = 0;
};

Explorer* current = nullptr;

void fiber_main() { current->run_fiber(); }

void Explorer::start_fiber(std::size_t number, std::function<void()> body) {
  Fiber& fiber = fibers_[number];
  fiber.body = std::move(body);
  fiber.ended = false;
  fiber.sleeps_on.reset();
  knowledge_[number] = knowledge_[kCaller];  // all that was made before the threads started
  knowledge_[number].clock[number] = 1;
  new_switch(number);
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack.get();
  fiber.context.uc_stack.ss_size = kStackBytes;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, fiber_main, 0);
}

std::memory_order order_at(const char* operation, std::memory_order order, const Where& where) {
  if (order == std::memory_order_relaxed) return order;
  const Weakening weakening = current->visit(current->report().ordered_sites, operation, where);
  return weakening == Weakening::kRelaxed ? std::memory_order_relaxed : order;
}

}  // namespace

Report explore(const std::function<Program()>& make_program, const Options& options) {
  WARPSCORE_CHECK(current == nullptr);
  Explorer explorer(options);
  current = &explorer;
  Report report = explorer.run([&] {
    explorer.start_execution();
    return make_program();
  });
  current = nullptr;
  return report;
}

void require(bool held, const std::string& what) {
  if (!held) current->fail(what);
}

std::uint32_t new_location(std::uint64_t value) { return current->add_location(value); }

std::uint64_t load(std::uint32_t location, std::memory_order order, const Where& where) {
  return current->load(location, order_at("load", order, where));
}

void store(std::uint32_t location, std::uint64_t value, std::memory_order order,
           const Where& where) {
  current->store(location, value, order_at("store", order, where));
}

std::uint64_t read_modify_write(std::uint32_t location, const Change& change,
                                std::memory_order order, const Where& where) {
  order = order_at("exchange", order, where);
  if (current->visit(current->report().exchange_sites, "exchange", where) == Weakening::kSplit) {
    return current->split_read_modify_write(location, change, order);
  }
  return current->read_modify_write(location, change, order);
}

void sleep_on(std::uint32_t location, std::uint64_t expected, std::chrono::nanoseconds duration) {
  current->sleep_on(location, expected, duration);
}

void wake_sleeper(std::uint32_t location, const Where& where) {
  if (current->visit(current->report().wake_sites, "wake", where) == Weakening::kSkipped) return;
  current->wake_sleeper(location);
}

std::chrono::nanoseconds now() { return current->now(); }

// A thread's own clock is 0 only before its first access: the caller's accesses come before all.
void AccessCheck::on_write() {
  const Clock& clock = current->mine().clock;
  for (std::size_t i = 0; i < clock.size(); ++i) {
    require(writes_[i] <= clock[i] && reads_[i] <= clock[i], "a race: write of plain memory");
  }
  writes_[current->thread()] = clock[current->thread()];
}

void AccessCheck::on_read() {
  const Clock& clock = current->mine().clock;
  for (std::size_t i = 0; i < clock.size(); ++i) {
    require(writes_[i] <= clock[i], "a race: read of plain memory");
  }
  reads_[current->thread()] = clock[current->thread()];
}

}  // namespace warpscore::explorer
