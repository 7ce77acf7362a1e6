// A file of transactions, row after row: CSV or JSON lines, plain or gzip, or standard input.
//
// Format  the name decides (.csv .json .jsonl .ndjson, each with or without .gz), else the format
//         that the configuration states. gzip is known by its first two bytes, not by its name.
// Source  partition 0; offset: the number of the row, from 1. Blank lines and the CSV header are no
//         rows.
// Memory  fixed: a row longer than kValueBytesMax is a reject, however long.
// Errors  std::runtime_error with a sentence: file missing, column missing, read or gzip error.
// Thread  used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/batch.h"
#include "base/dictionary.h"
#include "base/schema.h"
#include "ingest/decode.h"

namespace warpscore {

enum class FileFormat : std::uint8_t { kJsonLines, kCsv };

class FileReader {
 public:
  // `path` "-" is standard input. `format` is used where the name says nothing.
  FileReader(const std::string& path, FileFormat format, const Schema& schema,
             Dictionary& dictionary);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  // Adds rows and rejects until the batch holds as many as its capacity, or its text is full.
  // false: nothing was added, the file is at its end.
  // REQUIRES a batch with text for at least one row: text_bytes >= kFileTextBytesMin.
  [[nodiscard]] bool next(Batch& batch);

  [[nodiscard]] FileFormat format() const;
  [[nodiscard]] std::uint64_t bytes_read() const;   // of the file as it lies there (compressed)
  [[nodiscard]] std::uint64_t bytes_total() const;  // 0: not known (a pipe)
  [[nodiscard]] std::uint64_t rows() const;         // rows and rejects so far

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

inline constexpr std::size_t kFileTextBytesMin = 2 * kValueBytesMax;

}  // namespace warpscore
