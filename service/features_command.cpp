#include "service/features_command.h"

#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <memory_resource>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "ingest/file_reader.h"
#include "ingest/read_ahead.h"
#include "publish/encode.h"
#include "publish/feature_csv.h"
#include "scoring/engine.h"
#include "service/exit_codes.h"
#include "service/progress_bar.h"
#include "service/setup.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kBatchRows = 4096;
constexpr std::size_t kBatchTextBytes = 4U << 20;
constexpr std::size_t kWriteBytes = 1U << 20;

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

void export_features(const Options& options, const Setup& setup) {
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

  EngineOptions engine_options;
  engine_options.threads = workers_of(options);
  engine_options.batch_max = kBatchRows;
  Engine engine(plan, engine_options);
  const FeatureCsv csv(shape_of(plan));
  csv.append_header(output.buffer());

  ProgressBar progress("features");
  Results results;
  ReadAhead ahead(reader, plan.schema(), kBatchRows, kBatchTextBytes, engine.batch_memory());
  std::uint64_t rows = 0;
  while (Batch* const batch = ahead.next()) {
    engine.process(batch->view(), results);
    csv.append_rows(output.buffer(), *batch, results);
    letters.add(*batch, results);
    output.write_if_full();
    rows += batch->size();
    ahead.give_back(batch);
    progress.update(ahead.bytes_read(), reader.bytes_total(), rows);
  }
  output.close();
  letters.close();
  say_done(engine.counters(), letters, progress.seconds());
}

}  // namespace

int features_command(const Options& options) {
  const std::optional<Setup> setup = read_setup(options.features.config);
  if (!setup) return kExitConfiguration;
  if (!choose_backend(options, setup->config)) return kExitUnavailable;
  try {
    export_features(options, *setup);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "warpscore: %s\n", error.what());
    return kExitFailed;
  }
  return kExitOk;
}

}  // namespace warpscore
