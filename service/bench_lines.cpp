#include "service/bench_lines.h"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "service/child_service.h"
#include "service/embedded.h"

namespace warpscore {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kAnswerMs = 10'000;
constexpr int kPollMs = 20;
constexpr std::chrono::milliseconds kLook{10};
constexpr std::chrono::seconds kQuiet{2};  // nothing more in so long: it was the last
constexpr std::chrono::minutes kPatience{10};
constexpr std::size_t kScoreBytes = 130;

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

double own_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

// Reads every partition of a topic and hands messages to `each`.
template <class Each>
class Reader final : public MessageSink {
 public:
  Reader(const BenchPlace& place, const std::string& topic, std::int32_t partitions, Each each)
      : consumer_(place.settings, [] {}), each_(std::move(each)) {
    for (std::int32_t p = 0; p < partitions; ++p) {
      numbers_.push_back(consumer_.add(topic, p, kOffsetBeginning));
    }
    ended_.resize(numbers_.size());
  }

  // One round over all partitions; how many messages came.
  std::size_t round() {
    std::size_t taken = 0;
    for (at_ = 0; at_ < numbers_.size(); ++at_) {
      taken += taken == 0 && at_ + 1 == numbers_.size()
                   ? consumer_.poll_for(numbers_[at_], *this, kPollMs)
                   : consumer_.poll(numbers_[at_], *this);
    }
    consumer_.refresh_fetching();
    consumer_.serve_errors();
    return taken;
  }
  [[nodiscard]] bool at_end() const {
    for (const bool ended : ended_) {
      if (!ended) return false;
    }
    return true;
  }

  bool message(const KafkaMessage& message) override {
    ended_[at_] = false;
    each_(message);
    return true;
  }
  void end_of_partition(std::int64_t /*offset*/) override { ended_[at_] = true; }
  void failed(const std::string& text, bool lasting) override {
    if (lasting) throw std::runtime_error(text);
  }

 private:
  KafkaConsumer consumer_;
  Each each_;
  std::vector<std::size_t> numbers_;
  std::vector<bool> ended_;
  std::size_t at_ = 0;
};

// Offsets that a read_committed reader can reach, over all partitions: messages and markers.
std::int64_t reachable(KafkaClient& client, const std::string& topic, std::int32_t partitions) {
  std::int64_t sum = 0;
  for (std::int32_t p = 0; p < partitions; ++p) {
    const Watermarks marks = client.watermarks(topic, p, kAnswerMs);
    sum += marks.high - marks.low;
  }
  return sum;
}

// Watches a topic grow to `wanted` messages; the rate between the first look that found something
// and the last that found more.
template <class StillRuns>
double watch(const BenchPlace& place, const std::string& topic, StillRuns still_runs) {
  KafkaClient client(place.settings, "warpscore-bench-watch");
  const auto wanted = static_cast<std::int64_t>(place.transactions);
  const Clock::time_point start = Clock::now();
  Clock::time_point first{};
  Clock::time_point last{};
  std::int64_t at_first = 0;
  std::int64_t before = 0;
  for (;;) {
    const std::int64_t now = reachable(client, topic, place.partitions);
    const Clock::time_point when = Clock::now();
    if (now != before) {
      if (before == 0) {
        first = when;
        at_first = now;
      }
      before = now;
      last = when;
    }
    if (before >= wanted && when - last > kQuiet) break;
    if (!still_runs()) throw std::runtime_error("it ended before all was scored");
    if (when - start > kPatience) throw std::runtime_error("it did not come to an end");
    std::this_thread::sleep_for(kLook);
  }
  return static_cast<double>(wanted - at_first) / seconds_between(first, last);
}

class PassThrough {
 public:
  PassThrough(const BenchPlace& place, const std::string& output)
      : producer_(place.settings, "warpscore-bench-pass-" + std::to_string(getpid()), {output}),
        value_(kScoreBytes, 'x') {
    producer_.warm_up(kAnswerMs);
    must(producer_.init_transactions(kAnswerMs));
    must(producer_.begin_transaction());
  }

  void pass(const KafkaMessage& message) {
    while (producer_.produce(0, kPartitionByKey, message.key, value_) != ProduceStatus::kOk) {
      producer_.poll(kPollMs);
    }
    if ((++passed_ & 1023) == 0) producer_.poll(0);
  }
  void commit(bool more) {
    if (!producer_.flush(kAnswerMs)) throw std::runtime_error("pass-through: flush timed out");
    must(producer_.commit_transaction(kAnswerMs));
    if (more) must(producer_.begin_transaction());
  }
  [[nodiscard]] std::uint64_t passed() const { return passed_; }

 private:
  static void must(const KafkaAnswer& answer) {
    if (!answer.ok) throw std::runtime_error("pass-through: " + answer.text);
  }

  KafkaProducer producer_;
  const std::string value_;
  std::uint64_t passed_ = 0;
};

}  // namespace

BenchTime bench_consumer(const BenchPlace& place) {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  const double cpu_before = own_cpu_seconds();
  Reader reader(place, place.input, place.partitions, [&](const KafkaMessage& message) {
    ++count;
    bytes += message.value.size();
  });
  while (reader.round() == 0) {
  }
  const std::uint64_t at_first = count;
  const Clock::time_point first = Clock::now();
  while (count < place.transactions) reader.round();
  const double seconds = seconds_between(first, Clock::now());
  return {static_cast<double>(count - at_first) / seconds, own_cpu_seconds() - cpu_before};
}

BenchTime bench_pass_through(const BenchPlace& place, const std::string& output,
                             std::int64_t commit_ms) {
  const double cpu_before = own_cpu_seconds();
  PassThrough pass(place, output);
  Reader reader(place, place.input, place.partitions,
                [&](const KafkaMessage& message) { pass.pass(message); });
  while (reader.round() == 0) {
  }
  pass.commit(true);
  const std::uint64_t at_first = pass.passed();
  const Clock::time_point first = Clock::now();
  Clock::time_point committed = first;
  while (pass.passed() < place.transactions) {
    reader.round();
    if (Clock::now() - committed < std::chrono::milliseconds(commit_ms)) continue;
    pass.commit(true);
    committed = Clock::now();
  }
  pass.commit(false);
  const double seconds = seconds_between(first, Clock::now());
  return {static_cast<double>(pass.passed() - at_first) / seconds, own_cpu_seconds() - cpu_before};
}

BenchTime bench_service(const BenchPlace& place, const Config& config, const std::string& output,
                        const std::vector<std::string>& arguments) {
  const bool embedded = config.model && !config.model->bytes.empty();
  const ConfigFolder folder(dump_config(config),
                            embedded ? embedded_model() : std::span<const std::byte>{});
  ChildService service(folder.config(), folder.log(), arguments);
  BenchTime time;
  time.rate = watch(place, output, [&] { return service.runs(); });
  service.stop();
  time.cpu_seconds = service.cpu_seconds();
  check_scores(place, output);
  return time;
}

void check_scores(const BenchPlace& place, const std::string& output) {
  // By partition and offset of the input; control records leave some offsets without a message.
  std::vector<std::vector<bool>> seen(static_cast<std::size_t>(place.partitions));
  std::uint64_t count = 0;
  Reader reader(place, output, place.partitions, [&](const KafkaMessage& message) {
    const auto number_behind = [&](std::string_view name) {
      const std::size_t at = message.value.rfind(name);
      std::size_t number = seen.size();
      if (at == std::string_view::npos) throw std::runtime_error("a score without its source");
      const char* const from = message.value.data() + at + name.size();
      std::from_chars(from, message.value.data() + message.value.size(), number);
      return number;
    };
    std::vector<bool>& offsets = seen.at(number_behind("\"partition\":"));
    const std::size_t offset = number_behind("\"offset\":");
    if (offset >= offsets.size()) offsets.resize(2 * offset + 1);
    if (offsets[offset]) throw std::runtime_error("a transaction was scored twice");
    offsets[offset] = true;
    ++count;
  });
  while (!reader.at_end()) reader.round();
  if (count == place.transactions) return;
  throw std::runtime_error("there are " + std::to_string(count) + " scores of " +
                           std::to_string(place.transactions) + " transactions");
}

}  // namespace warpscore
