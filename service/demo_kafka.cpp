#include "service/demo_kafka.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/kafka.h"
#include "service/child_service.h"
#include "service/demo_screen.h"
#include "service/device_choice.h"
#include "service/embedded.h"
#include "service/exit_codes.h"
#include "service/generator.h"
#include "service/interrupt.h"
#include "service/payment_sink.h"

namespace warpscore {
namespace {

constexpr int kLastTurns = 50;
constexpr int kAnswerMs = 10'000;
constexpr const char* kServersInExample = "127.0.0.1:29192";

// The example, with the brokers of this demo.
std::string configuration_for(const std::string& servers) {
  std::string text(embedded_configuration());
  const std::size_t at = text.find(kServersInExample);
  if (at == std::string::npos) throw std::runtime_error("the example names no broker");
  return text.replace(at, std::string_view(kServersInExample).size(), servers);
}

// Counts scores and shows alerts.
class Watcher final : public MessageSink {
 public:
  Watcher(const std::string& servers, DemoScreen& screen)
      : screen_(screen), consumer_(settings(servers), [] {}) {
    KafkaClient client(settings(servers), "warpscore-demo-watch");
    for (const char* const topic : {"scores", "alerts"}) {
      const std::int32_t partitions = client.partitions_of(topic, kAnswerMs);
      for (std::int32_t p = 0; p < partitions; ++p) {
        const Watermarks marks = client.watermarks(topic, p, kAnswerMs);
        numbers_.push_back(consumer_.add(topic, p, marks.high));
        is_alert_.push_back(topic == std::string_view("alerts"));
      }
    }
  }

  void look() {
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      alerts_now_ = is_alert_[i];
      consumer_.poll(numbers_[i], *this);
    }
    consumer_.serve_errors();
  }
  [[nodiscard]] std::uint64_t scores() const { return scores_; }

  bool message(const KafkaMessage& message) override {
    if (alerts_now_) {
      screen_.show_alert(message.value);
    } else {
      ++scores_;
    }
    return true;
  }
  void end_of_partition(std::int64_t /*offset*/) override {}
  void failed(const std::string& text, bool /*lasting*/) override {
    std::fprintf(stderr, "warpscore demo: %s\n", text.c_str());
  }

 private:
  static KafkaSettings settings(const std::string& servers) {
    return {{"bootstrap.servers", servers}};
  }

  DemoScreen& screen_;
  KafkaConsumer consumer_;
  std::vector<std::size_t> numbers_;
  std::vector<bool> is_alert_;
  bool alerts_now_ = false;
  std::uint64_t scores_ = 0;
};

// Payments at a rate, on a thread of its own, until told to stop. Ids go on from run to run only in
// time: each demo starts a new stream of event times, a day of which takes some seconds.
class Producer {
 public:
  Producer(const std::string& servers, std::uint64_t rate)
      : sink_(make_kafka_sink(servers, "payments")), rate_(rate) {
    thread_ = std::thread([this] { run(); });
  }
  ~Producer() {
    stop_.store(true, std::memory_order_release);
    thread_.join();
  }
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

 private:
  void run() {
    Generator generator({Scenario::kHandbook, 1, 5'000});
    const auto start = std::chrono::steady_clock::now();
    std::uint64_t made = 0;
    std::string line;
    while (!stop_.load(std::memory_order_acquire)) {
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
      const auto due = static_cast<std::uint64_t>(elapsed.count() * static_cast<double>(rate_));
      for (; made < due; ++made) {
        const GeneratedPayment payment = generator.next();
        line.clear();
        append_json(payment, line);
        if (!sink_->write(payment.customer, line)) return fail();
      }
      if (!sink_->flush()) return fail();
      std::this_thread::sleep_for(kDemoTurn);
    }
  }
  void fail() { std::fprintf(stderr, "warpscore demo: %s\n", sink_->error().c_str()); }

  std::unique_ptr<PaymentSink> sink_;
  const std::uint64_t rate_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

int show(const Options& options, Device device) {
  const std::string& servers = options.demo.kafka;
  const ConfigFolder folder(configuration_for(servers), embedded_model());
  DemoScreen screen(options.color);
  Watcher watcher(servers, screen);
  ChildService service(folder.config(), folder.log(), engine_arguments(options, device));
  {
    const Producer producer(servers, options.demo.rate == 0 ? kDemoRate : options.demo.rate);
    while (!interrupted() && service.runs()) {
      const bool over = options.demo.for_ms > 0 &&
                        screen.seconds() * 1000.0 >= static_cast<double>(options.demo.for_ms);
      if (over) break;
      watcher.look();
      screen.tick(watcher.scores());
      std::this_thread::sleep_for(kDemoTurn);
    }
  }
  service.stop();
  for (int turn = 0; turn < kLastTurns; ++turn) {  // what was committed last is still on its way
    watcher.look();
    std::this_thread::sleep_for(kDemoTurn);
  }
  screen.finish(watcher.scores());
  return service.exit_code();
}

}  // namespace

int demo_through_kafka(const Options& options, Device device) {
  try {
    return show(options, device);
  } catch (const KafkaError& error) {
    std::fprintf(stderr,
                 "warpscore demo: %s (topics payments, scores, alerts, dead-letters and "
                 "warpscore-demo-changelog must exist: scripts/demo --kafka makes them)\n",
                 error.what());
    return kExitUnavailable;
  }
}

}  // namespace warpscore
