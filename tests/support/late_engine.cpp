#include "tests/support/late_engine.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "base/check.h"
#include "scoring/host_engine.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kInFlightMax = 4;

class LateEngine final : public EngineBackend {
 public:
  LateEngine(const Plan& plan, const EngineOptions& options, const char* name)
      : host_(open_host_engine(plan, options)), name_(name), thread_([this] { work(); }) {}
  ~LateEngine() override {
    later(nullptr);
    thread_.join();
  }

  std::pmr::memory_resource& batch_memory() override { return host_->batch_memory(); }
  std::uint32_t in_flight_max() const override { return kInFlightMax; }
  void prepare(Results& results) override { host_->prepare(results); }

  void submit(const BatchView& batch, Results& results) override {
    WARPSCORE_CHECK(submitted_ - finished_ < kInFlightMax);
    ++submitted_;
    later([this, batch, &results] {
      host_->submit(batch, results);
      host_->finish_oldest(true);
      done_.fetch_add(1, std::memory_order_release);
    });
  }

  bool finish_oldest(bool wait) override {
    WARPSCORE_CHECK(finished_ < submitted_);
    while (done_.load(std::memory_order_acquire) == finished_) {
      if (!wait) return false;
      std::this_thread::yield();
    }
    ++finished_;
    return true;
  }

  void replay(const BatchView& batch) override {
    settle();
    host_->replay(batch);
  }
  void apply_labels(std::span<const Label> labels, std::uint8_t* found) override {
    settle();
    host_->apply_labels(labels, found);
  }
  const EngineCounters& counters() override {
    settle();
    return host_->counters();
  }
  const char* name() const override { return name_; }
  std::string describe() const override { return std::string(name_) + ": a thread of the host"; }

 private:
  // All that was submitted is done: the host's engine belongs to the caller until the next submit.
  void settle() const {
    while (done_.load(std::memory_order_acquire) != submitted_) std::this_thread::yield();
  }

  void later(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    more_.notify_one();
  }
  void work() {
    for (;;) {
      std::unique_lock lock(mutex_);
      more_.wait(lock, [this] { return !tasks_.empty(); });
      const std::function<void()> task = std::exchange(tasks_.front(), nullptr);
      tasks_.pop_front();
      lock.unlock();
      if (!task) return;
      task();
    }
  }

  const std::unique_ptr<EngineBackend> host_;
  const char* const name_;
  std::uint64_t submitted_ = 0;
  std::uint64_t finished_ = 0;
  std::atomic<std::uint64_t> done_{0};
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void()>> tasks_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<EngineBackend> open_late_engine(const Plan& plan, const EngineOptions& options,
                                                const char* name) {
  return std::make_unique<LateEngine>(plan, options, name);
}

}  // namespace warpscore
