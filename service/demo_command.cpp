#include "service/demo_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include "ingest/decode.h"
#include "publish/encode.h"
#include "scoring/engine.h"
#include "service/demo_kafka.h"
#include "service/demo_screen.h"
#include "service/device_choice.h"
#include "service/exit_codes.h"
#include "service/generator.h"
#include "service/interrupt.h"
#include "service/setup.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kBatchRows = 4096;
constexpr std::size_t kBatchTextBytes = 2U << 20;

// Payments through decoder, engine and encoder, as in production but for Kafka.
class Demo {
 public:
  Demo(const Setup& setup, const Options& options, const EngineOptions& engine_options)
      : plan_(*setup.plan),
        engine_(plan_, engine_options),
        decoder_(plan_.schema(), *setup.dictionary, {}),
        encoder_(shape_of(plan_)),
        batch_(plan_.schema(), kBatchRows, kBatchTextBytes, engine_.batch_memory()),
        generator_({Scenario::kHandbook, 1, 5'000}),
        screen_(options.color) {}

  void run(const DemoOptions& options) {
    const std::uint64_t rate = options.rate == 0 ? kDemoRate : options.rate;
    std::uint64_t made = 0;
    while (!interrupted()) {
      const double elapsed = screen_.seconds();
      if (options.for_ms > 0 && elapsed * 1000.0 >= static_cast<double>(options.for_ms)) break;
      const auto due = static_cast<std::uint64_t>(elapsed * static_cast<double>(rate));
      if (due == made) {
        std::this_thread::sleep_for(kDemoTurn);
      } else {
        const std::uint64_t step = std::min<std::uint64_t>(due - made, kBatchRows);
        score(step);
        made += step;
      }
      screen_.tick(engine_.counters().transactions);
    }
    screen_.finish(engine_.counters().transactions);
  }

 private:
  void score(std::uint64_t payments) {
    batch_.clear();
    for (std::uint64_t i = 0; i < payments; ++i) {
      json_.clear();
      append_json(generator_.next(), json_);
      RawTransaction raw;
      raw.value = json_;
      decoder_.decode(raw, batch_);
    }
    engine_.process(batch_.view(), results_);
    for (std::uint32_t row = 0; row < results_.size; ++row) {
      for (std::uint32_t alert = 0; alert < plan_.alerts().size(); ++alert) {
        if (!results_.alert_fired(alert, row)) continue;
        json_.clear();
        encoder_.append_alert(json_, batch_, results_, row, alert, {});
        screen_.show_alert(json_);
      }
    }
  }

  const Plan& plan_;
  Engine engine_;
  JsonDecoder decoder_;
  JsonEncoder encoder_;
  Batch batch_;
  Generator generator_;
  DemoScreen screen_;
  Results results_;
  std::string json_;
};

}  // namespace

int demo_command(const Options& options) {
  const std::optional<Setup> setup = embedded_setup();
  if (!setup) return kExitConfiguration;
  const std::optional<Device> device = settle_device(options, setup->config);
  if (!device) return kExitUnavailable;
  const Plan& plan = *setup->plan;
  std::printf(
      "warpscore demo: made-up card payments through the real engine, on %s\n"
      "  %zu features of customers and terminals, model %s, %zu alerts; alerts follow here\n",
      words_for(*device), plan.features().size(), plan.model_version().c_str(),
      plan.alerts().size());
  std::fflush(stdout);
  catch_interrupts();
  if (!options.demo.kafka.empty()) return demo_through_kafka(options, *device);
  EngineOptions engine_options = engine_options_of(setup->config, *device, workers_of(options));
  engine_options.batch_max = kBatchRows;
  Demo(*setup, options, engine_options).run(options.demo);
  return kExitOk;
}

}  // namespace warpscore
