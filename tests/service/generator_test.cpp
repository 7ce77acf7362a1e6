// The generator: the same bytes from a seed, frauds at the described rates, times in order, pace.
#include "service/generator.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "service/exit_codes.h"
#include "service/generate_command.h"

namespace warpscore {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kStartMs = 1'522'540'800'000;

std::string lines_of(const GeneratorOptions& options, std::uint64_t count) {
  Generator generator(options);
  std::string lines;
  for (std::uint64_t i = 0; i < count; ++i) append_csv(generator.next(), lines);
  return lines;
}

std::uint32_t crc_of(const std::string& bytes) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

// Golden: other values mean that runs of before cannot be repeated, or that a machine differs.
TEST(Generator, GivesTheSameBytesFromASeedEverywhere) {
  EXPECT_EQ(crc_of(lines_of({Scenario::kHandbook, 1, 5000}, 50'000)), 0x8fb39dfaU);
  EXPECT_EQ(crc_of(lines_of({Scenario::kUniform, 1, 5000}, 50'000)), 0x0eb41cfaU);
  EXPECT_EQ(crc_of(lines_of({Scenario::kHot, 1, 5000}, 50'000)), 0x582a8b76U);
}

TEST(Generator, AnotherSeedGivesOtherPayments) {
  EXPECT_EQ(lines_of({Scenario::kHandbook, 1, 100}, 500),
            lines_of({Scenario::kHandbook, 1, 100}, 500));
  EXPECT_NE(lines_of({Scenario::kHandbook, 1, 100}, 500),
            lines_of({Scenario::kHandbook, 2, 100}, 500));
}

struct Figures {
  std::uint64_t payments = 0;
  std::uint64_t by_scenario[4] = {};
  std::uint64_t at_night = 0;  // before 7 o'clock
  double amount = 0;           // of genuine ones
  std::set<std::uint32_t> customers;
  std::set<std::uint32_t> terminals;
};

Figures figures_of_days(std::int64_t days) {
  Generator generator({Scenario::kHandbook, 1, 5000});
  Figures figures;
  std::int64_t before = 0;
  for (;;) {
    const GeneratedPayment payment = generator.next();
    if (payment.time_ms >= kStartMs + days * kDayMs) return figures;
    EXPECT_EQ(payment.id, figures.payments);
    EXPECT_GE(payment.time_ms, before);
    EXPECT_GE(payment.amount_cents, 0);
    EXPECT_EQ(payment.fraud, payment.scenario != 0);
    EXPECT_FALSE(payment.amount_cents > 22'000 && !payment.fraud);
    before = payment.time_ms;
    ++figures.payments;
    ++figures.by_scenario[payment.scenario];
    if (payment.time_ms / 3'600'000 % 24 <= 6) ++figures.at_night;
    if (!payment.fraud) figures.amount += static_cast<double>(payment.amount_cents);
    figures.customers.insert(payment.customer);
    figures.terminals.insert(payment.terminal);
  }
}

// The published simulation of the same process has, in its first 91 days: 872,795 payments of 4,983
// customers at 10,000 terminals, 0.056 % of them by scenario 1, 0.477 % by 2, 0.251 % by 3.
TEST(Generator, FraudsComeAtTheRatesOfTheDescribedProcess) {
  const Figures figures = figures_of_days(91);
  const auto payments = static_cast<double>(figures.payments);
  EXPECT_NEAR(payments, 872'795.0, 0.05 * 872'795.0);
  EXPECT_NEAR(static_cast<double>(figures.by_scenario[1]) / payments, 0.00056, 0.0002);
  EXPECT_NEAR(static_cast<double>(figures.by_scenario[2]) / payments, 0.00477, 0.0010);
  EXPECT_NEAR(static_cast<double>(figures.by_scenario[3]) / payments, 0.00251, 0.0006);
  EXPECT_NEAR(static_cast<double>(figures.at_night) / payments, 0.17, 0.01);
  EXPECT_NEAR(figures.amount / static_cast<double>(figures.by_scenario[0]), 5360.0, 160.0);
  EXPECT_GT(figures.customers.size(), 4'900U);
  EXPECT_GT(figures.terminals.size(), 9'900U);
}

TEST(Generator, ACompromisedTerminalHasNothingButFrauds) {
  Generator generator({Scenario::kHandbook, 3, 1000});
  std::map<std::pair<std::uint32_t, std::int64_t>, std::pair<int, int>> of_day;  // all, frauds
  for (int i = 0; i < 100'000; ++i) {
    const GeneratedPayment payment = generator.next();
    auto& [all, frauds] = of_day[{payment.terminal, payment.time_ms / kDayMs}];
    ++all;
    if (payment.scenario == 2) frauds += 1;
    if (payment.scenario == 3) --all;  // a stolen card may be used there, too
  }
  int compromised = 0;
  for (const auto& [terminal_day, counts] : of_day) {
    if (counts.second == 0) continue;
    ++compromised;
    EXPECT_EQ(counts.first, counts.second);
  }
  EXPECT_GT(compromised, 100);
}

TEST(Generator, HotAccountsFollowZipf) {
  Generator generator({Scenario::kHot, 1, 1000});
  std::map<std::uint32_t, int> payments;
  constexpr int kPayments = 100'000;
  std::int64_t before = 0;
  for (int i = 0; i < kPayments; ++i) {
    const GeneratedPayment payment = generator.next();
    EXPECT_GE(payment.time_ms, before);
    before = payment.time_ms;
    ++payments[payment.customer];
  }
  EXPECT_NEAR(payments[0], kPayments / 7.485, 700);  // the thousandth harmonic number
  EXPECT_NEAR(payments[1], kPayments / 7.485 / 2, 500);
  EXPECT_NEAR(payments[9], kPayments / 7.485 / 10, 200);
}

TEST(GeneratorRandom, NormalAndPoissonHaveTheirMoments) {
  GeneratorRandom random(1);
  constexpr int kDraws = 200'000;
  double sum = 0;
  double squares = 0;
  int beyond_two = 0;
  double poisson = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.normal();
    sum += value;
    squares += value * value;
    if (std::fabs(value) > 2.0) ++beyond_two;
    poisson += random.poisson(2.5);
  }
  EXPECT_NEAR(sum / kDraws, 0.0, 0.01);
  EXPECT_NEAR(squares / kDraws, 1.0, 0.02);
  EXPECT_NEAR(beyond_two / static_cast<double>(kDraws), 0.0455, 0.002);
  EXPECT_NEAR(poisson / kDraws, 2.5, 0.02);
}

class GenerateCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("warpscore-generate-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] GenerateOptions options(const std::string& name) const {
    GenerateOptions options;
    options.transactions = 2'000;
    options.accounts = 200;
    options.output = (folder_ / name).string();
    return options;
  }

  static std::string read(const std::string& path) {
    const gzFile file = gzopen(path.c_str(), "rb");  // reads plain files as well
    std::string bytes;
    char block[4096];
    for (int size = 0; (size = gzread(file, block, sizeof(block))) > 0;)
      bytes.append(block, static_cast<std::size_t>(size));
    gzclose(file);
    return bytes;
  }

  std::filesystem::path folder_;
};

TEST_F(GenerateCommand, WritesTheSameToAGzippedFile) {
  GenerateOptions plain = options("plain.csv");
  GenerateOptions packed = options("packed.csv.gz");
  plain.format = packed.format = InputFormat::kCsv;
  ASSERT_EQ(generate_command(plain), kExitOk);
  ASSERT_EQ(generate_command(packed), kExitOk);
  const std::string bytes = read(plain.output);
  EXPECT_EQ(bytes, read(packed.output));
  EXPECT_EQ(bytes, csv_header_of_payments() + lines_of({Scenario::kHandbook, 1, 200}, 2'000));
  EXPECT_LT(std::filesystem::file_size(packed.output), bytes.size() / 2);
}

TEST_F(GenerateCommand, WritesAJsonObjectALine) {
  const GenerateOptions json = options("out.jsonl");
  ASSERT_EQ(generate_command(json), kExitOk);
  std::istringstream lines(read(json.output));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(line.starts_with("{\"tx_id\":" + std::to_string(count) + ",\"ts_ms\":152"));
    EXPECT_TRUE(line.ends_with("}"));
  }
  EXPECT_EQ(count, 2'000);
}

TEST_F(GenerateCommand, KeepsToTheRate) {
  GenerateOptions paced = options("paced.csv");
  paced.rate = 5'000;
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(generate_command(paced), kExitOk);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  EXPECT_GE(spent.count(), 0.39);  // 2,000 at 5,000 a second
  EXPECT_LT(spent.count(), 2.0);
}

TEST_F(GenerateCommand, SaysWhatCannotBeWritten) {
  GenerateOptions nowhere = options("no/such/folder.csv");
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(generate_command(nowhere), kExitFailed);
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("cannot be written: No such file"),
            std::string::npos);
  nowhere.accounts = 0;
  EXPECT_EQ(generate_command(nowhere), kExitUsage);
}

}  // namespace
}  // namespace warpscore
