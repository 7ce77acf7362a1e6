#include "service/features_command.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "ingest/file_reader.h"
#include "ingest/read_ahead.h"
#include "publish/encode.h"
#include "publish/feature_csv.h"
#include "scoring/engine.h"
#include "service/device_choice.h"
#include "service/exit_codes.h"
#include "service/progress_bar.h"
#include "service/setup.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kBatchRows = 4096;
constexpr std::size_t kBatchTextBytes = 4U << 20;
constexpr std::size_t kWriteBytes = 1U << 20;
constexpr std::uint32_t kInFlightMax = 3;  // fewer than ReadAhead has batches

// A file that is written to in large pieces; "-" is stdout. Throws with the name and the reason.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path) : path_(path) {
    file_ = path == "-" ? stdout : std::fopen(path.c_str(), "wb");
    if (file_ == nullptr) fail();
  }
  ~OutputFile() {
    if (file_ != nullptr && file_ != stdout) std::fclose(file_);
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  std::string& buffer() { return buffer_; }
  void write_if_full() {
    if (buffer_.size() >= kWriteBytes) write();
  }
  void close() {
    write();
    const bool flushed = std::fflush(file_) == 0;
    const bool closed = file_ == stdout || std::fclose(file_) == 0;
    if (file_ != stdout) file_ = nullptr;
    if (!flushed || !closed) fail();
  }

 private:
  void write() {
    if (std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size()) fail();
    buffer_.clear();
  }
  [[noreturn]] void fail() const {
    throw std::runtime_error("cannot write " + path_ + ": " + std::strerror(errno));
  }

  const std::string path_;
  std::FILE* file_ = nullptr;
  std::string buffer_;
};

// Rows that were refused: counted by reason, and kept in a file made when the first one comes.
class DeadLetters {
 public:
  DeadLetters(std::string path, std::string input)
      : path_(std::move(path)), input_(std::move(input)) {}

  void add(const Batch& batch, const Results& results) {
    for (const Reject& reject : batch.rejects()) {
      add({reject.reason, reject.detail, input_, reject.source, reject.timestamp_ms,
           batch.text(reject.key), batch.text(reject.value)});
    }
    for (std::uint32_t row = 0; row < results.size; ++row) {
      if (results.refused[row] == 0) continue;
      add({RejectReason::kTableFull, "a key table is full", input_, batch.source(row),
           batch.timestamp_ms(row), batch.key(row), batch.value(row)});
    }
  }
  void close() {
    if (file_) file_->close();
  }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  void print() const {
    for (std::size_t i = 0; i < kRejectReasons; ++i) {
      if (counts_[i] == 0) continue;
      std::fprintf(stderr, "  %-16s %llu\n", name_of(static_cast<RejectReason>(i)).data(),
                   static_cast<unsigned long long>(counts_[i]));
    }
    if (file_) std::fprintf(stderr, "  all of them are in %s\n", path_.c_str());
  }

 private:
  void add(const DeadLetter& letter) {
    ++total_;
    ++counts_[static_cast<std::size_t>(letter.reason)];
    if (path_.empty()) return;
    if (!file_) file_ = std::make_unique<OutputFile>(path_);
    append_dead_letter_json(file_->buffer(), letter, true);
    file_->buffer() += '\n';
    file_->write_if_full();
  }

  const std::string path_;
  const std::string input_;
  std::unique_ptr<OutputFile> file_;
  std::array<std::uint64_t, kRejectReasons> counts_{};
  std::uint64_t total_ = 0;
};

void say_done(const EngineCounters& counters, const DeadLetters& letters, double seconds) {
  std::fprintf(stderr, "%llu transactions in %.1f s (%.0f/s)",
               static_cast<unsigned long long>(counters.transactions - counters.refused), seconds,
               static_cast<double>(counters.transactions) / seconds);
  if (counters.late != 0) {
    std::fprintf(stderr, ", %llu late", static_cast<unsigned long long>(counters.late));
  }
  if (counters.overflows != 0) {
    std::fprintf(stderr, ", %llu overflows", static_cast<unsigned long long>(counters.overflows));
  }
  if (counters.truncated != 0) {
    std::fprintf(stderr, ", %llu truncated", static_cast<unsigned long long>(counters.truncated));
  }
  std::fputc('\n', stderr);
  if (letters.total() == 0) return;
  std::fprintf(stderr, "%llu rows were refused:\n",
               static_cast<unsigned long long>(letters.total()));
  letters.print();
}

bool is_same_file(const std::string& left, const std::string& right) {
  std::error_code error;  // one that is not there yet is no other file
  return left != "-" && right != "-" && std::filesystem::equivalent(left, right, error) &&
         std::filesystem::is_regular_file(left, error);
}

// Writing begins with emptying the file: the transactions or the configuration would be gone.
void refuse_to_overwrite(const std::string& output, const FeaturesOptions& wanted) {
  for (const std::string& input : {wanted.input, wanted.config}) {
    if (!is_same_file(output, input)) continue;
    throw std::runtime_error("will not write to " + output + ", which is read: name another file");
  }
}

// The batches on their way through the engine: while it works on the next ones, what is finished is
// written. Rows come out in the order of the file.
class Export {
 public:
  Export(const Plan& plan, const EngineOptions& engine_options, FileReader& reader,
         OutputFile& output, DeadLetters& letters)
      : engine_(plan, engine_options),
        csv_(shape_of(plan)),
        reader_(reader),
        ahead_(reader, plan.schema(), kBatchRows, kBatchTextBytes, engine_.batch_memory()),
        output_(output),
        letters_(letters),
        results_(std::min(engine_.in_flight_max(), kInFlightMax)) {
    csv_.append_header(output_.buffer());
  }
  // After an exception batches may be in flight; they end before their memory does.
  ~Export() {
    while (engine_.in_flight() != 0) engine_.finish_oldest(true);
  }
  Export(const Export&) = delete;
  Export& operator=(const Export&) = delete;

  void run() {
    while (Batch* const batch = ahead_.next()) {
      if (engine_.in_flight() == results_.size()) finish_oldest(true);
      if (batch->size() != 0) {
        const std::size_t place = submitted_++ % results_.size();
        batches_[place] = batch;
        engine_.submit(batch->view(), results_[place]);
      } else {  // refused rows alone, in their turn
        finish_all();
        write(batch, nothing_);
      }
      while (engine_.in_flight() != 0 && finish_oldest(false)) {
      }
    }
    finish_all();
  }
  [[nodiscard]] const EngineCounters& counters() const { return engine_.counters(); }
  [[nodiscard]] double seconds() const { return progress_.seconds(); }

 private:
  bool finish_oldest(bool wait) {
    if (!engine_.finish_oldest(wait)) return false;
    const std::size_t place = finished_++ % results_.size();
    write(batches_[place], results_[place]);
    return true;
  }
  void finish_all() {
    while (engine_.in_flight() != 0) finish_oldest(true);
  }
  void write(Batch* batch, const Results& results) {
    csv_.append_rows(output_.buffer(), *batch, results);
    letters_.add(*batch, results);
    output_.write_if_full();
    rows_ += batch->size();
    ahead_.give_back(batch);
    progress_.update(ahead_.bytes_read(), reader_.bytes_total(), rows_);
  }

  Engine engine_;
  const FeatureCsv csv_;
  ProgressBar progress_{"features"};
  FileReader& reader_;
  ReadAhead ahead_;
  OutputFile& output_;
  DeadLetters& letters_;
  std::vector<Results> results_;
  const Results nothing_{};
  std::array<Batch*, kInFlightMax> batches_{};
  std::size_t submitted_ = 0;
  std::size_t finished_ = 0;
  std::uint64_t rows_ = 0;
};

void export_features(const Options& options, const Setup& setup,
                     const EngineOptions& engine_options) {
  const FeaturesOptions& wanted = options.features;
  const Plan& plan = *setup.plan;
  if (plan.schema().labels && !plan.schema().label_in_input()) {
    std::fprintf(stderr,
                 "warning: labels come by a topic, so there are none in a file: features over "
                 "labels see no label (give [labels] field for a column)\n");
  }
  const FileFormat format =
      setup.config.input.format == InputFormat::kCsv ? FileFormat::kCsv : FileFormat::kJsonLines;
  FileReader reader(wanted.input, format, plan.schema(), *setup.dictionary);
  std::string letters_path = wanted.dead_letters;
  if (letters_path.empty() && wanted.output != "-") {
    letters_path = wanted.output + ".dead-letters.jsonl";
  }
  refuse_to_overwrite(wanted.output, wanted);
  refuse_to_overwrite(letters_path, wanted);
  OutputFile output(wanted.output);
  DeadLetters letters(letters_path, wanted.input);

  Export work(plan, engine_options, reader, output, letters);
  work.run();
  output.close();
  letters.close();
  say_done(work.counters(), letters, work.seconds());
}

}  // namespace

int features_command(const Options& options) {
  const std::optional<Setup> setup = read_setup(options.features.config);
  if (!setup) return kExitConfiguration;
  const std::optional<Device> device = settle_device(options, setup->config);
  if (!device) return kExitUnavailable;
  EngineOptions engine_options = engine_options_of(setup->config, *device, workers_of(options));
  engine_options.batch_max = kBatchRows;
  try {
    export_features(options, *setup, engine_options);
  } catch (const DeviceError& error) {
    std::fprintf(stderr, "warpscore: %s\n", error.what());
    return kExitUnavailable;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "warpscore: %s\n", error.what());
    return kExitFailed;
  }
  return kExitOk;
}

}  // namespace warpscore
