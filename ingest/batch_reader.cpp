#include "ingest/batch_reader.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>

#include "base/check.h"
#include "base/log.h"
#include "base/parker.h"
#include "base/ring.h"
#include "ingest/batch_filler.h"

namespace warpscore {
namespace {

// What a partition may hand over before the next one has its turn.
constexpr std::uint32_t kTurnMessages = 512;
// A batch this full is worth the engine's while, even if more is waiting.
constexpr std::uint32_t kWorthwhileRows = 1024;

constexpr auto kIdleWait = std::chrono::milliseconds(50);
// With rows in hand and the engine busy: it says nothing when it is done.
constexpr auto kEngineWait = std::chrono::microseconds(500);
constexpr std::int64_t kHousekeepingMs = 5;

}  // namespace

struct BatchReader::Impl {
  Impl(const ReaderOptions& given, const Schema& schema, Dictionary& dictionary,
       const DecodeOptions& decode, std::pmr::memory_resource& memory, std::function<void()> told)
      : options(given),
        handed_over(std::move(told)),
        pool(schema, given.batches, given.batch_max, memory, given.number),
        filler(given.kind, given.topic, schema, dictionary, decode),
        ready(given.batches),
        returned(given.batches),
        consumer(given.settings, [this] { parker.wake(); }) {}

  void run();
  bool step();
  bool poll_partitions();
  bool make_room();
  void hand_over();
  void take_mail();
  void housekeeping();
  void wait();

  const ReaderOptions options;
  const std::function<void()> handed_over;
  BatchPool pool;
  BatchFiller filler;
  SpscRing<ReadBatch*> ready;     // this thread -> engine thread
  SpscRing<ReadBatch*> returned;  // commit thread -> this thread
  Parker parker;
  KafkaConsumer consumer;
  std::vector<BatchFiller::Partition> partitions;
  std::size_t turn = 0;
  std::int64_t next_housekeeping_ms = 0;

  std::mutex mail_mutex;
  std::vector<std::int32_t> mail;
  std::atomic<bool> has_mail{false};
  std::atomic<bool> stop{false};
  std::atomic<bool> failed{false};
  std::string why;
  std::atomic<std::uint64_t> messages{0};
  std::atomic<std::uint64_t> waiting{0};
  std::thread thread;
};

void BatchReader::Impl::run() {
  while (!stop.load(std::memory_order_acquire)) {
    if (!step()) wait();
    if (!filler.why_failed().empty()) {
      why = filler.why_failed();
      failed.store(true, std::memory_order_release);
      handed_over();
      return;
    }
  }
}

// true: did something, do not wait.
bool BatchReader::Impl::step() {
  if (has_mail.load(std::memory_order_acquire)) take_mail();
  housekeeping();
  if (!make_room()) return false;
  const bool more = poll_partitions();
  messages.store(filler.messages(), std::memory_order_relaxed);
  if (filler.batch() == nullptr) return false;  // all are on their way
  const bool engine_free = ready.empty();
  const bool enough = !more || filler.rows() >= kWorthwhileRows;
  if (filler.full() || (!filler.empty() && engine_free && enough)) {
    hand_over();
    return true;
  }
  return more;
}

// A batch with room for one more message. false: none is free.
bool BatchReader::Impl::make_room() {
  for (;;) {
    if (filler.batch() != nullptr && filler.full()) hand_over();
    if (filler.batch() == nullptr) {
      ReadBatch* batch = nullptr;
      while (returned.try_pop(batch)) pool.put(batch);
      batch = pool.take();
      if (batch == nullptr) return false;
      filler.begin(batch);
    }
    if (!filler.full()) return true;
  }
}

// One turn for each partition. true: some had more than its turn allowed.
bool BatchReader::Impl::poll_partitions() {
  bool more = false;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    if (turn >= partitions.size()) turn = 0;
    filler.turn(partitions[turn], kTurnMessages);
    consumer.poll(turn, filler);
    more = more || filler.turn_used_up();
    if (filler.full() && !make_room()) return true;
    ++turn;
  }
  return more;
}

void BatchReader::Impl::hand_over() {
  WARPSCORE_CHECK(ready.try_push(filler.end()));  // as many places as there are batches
  handed_over();
}

void BatchReader::Impl::take_mail() {
  const std::lock_guard lock(mail_mutex);
  has_mail.store(false, std::memory_order_relaxed);
  while (!mail.empty()) {
    try {
      consumer.add(options.topic, mail.back(), kOffsetBeginning);
    } catch (const KafkaError& error) {
      log_warn("a new partition cannot be read yet", {{"because", error.what()}});
      has_mail.store(true, std::memory_order_relaxed);
      return;
    }
    partitions.push_back({mail.back(), kOffsetBeginning});
    mail.pop_back();
  }
}

void BatchReader::Impl::housekeeping() {
  const std::int64_t now = steady_ms();
  if (now < next_housekeeping_ms) return;
  next_housekeeping_ms = now + kHousekeepingMs;
  consumer.refresh_fetching();
  consumer.serve_errors();
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < partitions.size(); ++i) sum += consumer.waiting(i);
  waiting.store(sum, std::memory_order_relaxed);
}

void BatchReader::Impl::wait() {
  if (filler.batch() != nullptr && !filler.empty()) {
    parker.park_for(kEngineWait);
  } else {
    parker.park_for(kIdleWait);
  }
}

BatchReader::BatchReader(const ReaderOptions& options, const Schema& schema, Dictionary& dictionary,
                         const DecodeOptions& decode, std::pmr::memory_resource& memory,
                         std::function<void()> handed_over)
    : impl_(std::make_unique<Impl>(options, schema, dictionary, decode, memory,
                                   std::move(handed_over))) {}

BatchReader::~BatchReader() { stop(); }

void BatchReader::start(const std::vector<ReaderPosition>& positions) {
  for (const ReaderPosition& position : positions) {
    impl_->consumer.add(impl_->options.topic, position.partition, position.offset);
    impl_->partitions.push_back({position.partition, position.offset});
  }
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void BatchReader::add_partition(std::int32_t partition) {
  {
    const std::lock_guard lock(impl_->mail_mutex);
    impl_->mail.push_back(partition);
  }
  impl_->has_mail.store(true, std::memory_order_release);
  impl_->parker.wake();
}

void BatchReader::stop() {
  impl_->stop.store(true, std::memory_order_release);
  impl_->parker.wake();
  if (impl_->thread.joinable()) impl_->thread.join();
}

ReadBatch* BatchReader::next() noexcept {
  ReadBatch* batch = nullptr;
  return impl_->ready.try_pop(batch) ? batch : nullptr;
}

void BatchReader::give_back(ReadBatch* batch) noexcept {
  WARPSCORE_CHECK(impl_->returned.try_push(batch));
  impl_->parker.wake();
}

bool BatchReader::failed() const noexcept { return impl_->failed.load(std::memory_order_acquire); }

std::string BatchReader::why() const { return impl_->why; }

std::uint64_t BatchReader::messages() const noexcept {
  return impl_->messages.load(std::memory_order_relaxed);
}

std::uint64_t BatchReader::waiting() const noexcept {
  return impl_->waiting.load(std::memory_order_relaxed);
}

}  // namespace warpscore
