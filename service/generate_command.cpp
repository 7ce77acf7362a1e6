#include "service/generate_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <thread>

#include "base/kafka.h"
#include "service/exit_codes.h"
#include "service/generator.h"
#include "service/payment_sink.h"

namespace warpscore {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBurst{20};  // between two bursts of a fixed rate
constexpr std::uint64_t kBurstAtFullSpeed = 50'000;

const char* name_of(Scenario scenario) {
  switch (scenario) {
    case Scenario::kHandbook:
      return "handbook";
    case Scenario::kUniform:
      return "uniform";
    case Scenario::kHot:
      return "hot";
  }
  return "";
}

std::unique_ptr<PaymentSink> open_sink(const GenerateOptions& options) {
  if (!options.kafka.empty()) return make_kafka_sink(options.kafka, options.topic);
  return make_file_sink(options.output);
}

// How many payments are due `elapsed` after the start. In doubles: the rate times the nanoseconds
// of a long run would leave 64 bits, and a payment more or less does not matter.
std::uint64_t due(const GenerateOptions& options, std::uint64_t sent, Clock::duration elapsed) {
  std::uint64_t count = sent + kBurstAtFullSpeed;
  if (options.rate != 0) {
    const double seconds = std::chrono::duration<double>(elapsed).count();
    count = static_cast<std::uint64_t>(seconds * static_cast<double>(options.rate));
  }
  return std::min(count, options.transactions);
}

bool write_burst(const GenerateOptions& options, Generator& generator, std::uint64_t count,
                 PaymentSink& sink) {
  std::string line;
  for (; count > 0; --count) {
    const GeneratedPayment payment = generator.next();
    line.clear();
    if (options.format == InputFormat::kCsv) {
      append_csv(payment, line);
    } else {
      append_json(payment, line);
    }
    if (!sink.write(payment.customer, line)) return false;
  }
  return true;
}

bool write_all(const GenerateOptions& options, PaymentSink& sink) {
  Generator generator(
      {options.scenario, options.seed, static_cast<std::uint32_t>(options.accounts)});
  const bool header = options.format == InputFormat::kCsv && options.kafka.empty();
  if (header && !sink.write(0, csv_header_of_payments())) return false;
  const Clock::time_point start = Clock::now();
  for (std::uint64_t sent = 0; sent < options.transactions;) {
    const std::uint64_t until = due(options, sent, Clock::now() - start);
    if (!write_burst(options, generator, until - sent, sink)) return false;
    sent = until;
    if (options.rate == 0) continue;
    if (!sink.flush()) return false;
    if (sent < options.transactions) std::this_thread::sleep_for(kBurst);
  }
  return sink.close();
}

int fail(ExitCode code, const std::string& sentence) {
  std::fprintf(stderr, "warpscore generate: %s\n", sentence.c_str());
  return code;
}

}  // namespace

int generate_command(const GenerateOptions& options) {
  if (options.accounts == 0 || options.accounts > std::numeric_limits<std::uint32_t>::max() / 4)
    return fail(kExitUsage, "--accounts must be between 1 and 1,073,741,823");
  try {
    const std::unique_ptr<PaymentSink> sink = open_sink(options);
    const Clock::time_point start = Clock::now();
    if (!write_all(options, *sink)) return fail(kExitFailed, sink->error());
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const double per_second = static_cast<double>(options.transactions) / std::max(seconds, 1e-9);
    std::fprintf(
        stderr,
        "warpscore generate: %llu payments (%s, seed %llu) to %s in %.1f s, %.0f a second\n",
        static_cast<unsigned long long>(options.transactions), name_of(options.scenario),
        static_cast<unsigned long long>(options.seed), sink->name().c_str(), seconds, per_second);
  } catch (const KafkaError& error) {
    const bool unreachable = error.fault() == KafkaFault::kUnreachable;
    return fail(unreachable ? kExitUnavailable : kExitFailed, error.what());
  } catch (const std::exception& error) {
    return fail(kExitFailed, error.what());
  }
  return kExitOk;
}

}  // namespace warpscore
