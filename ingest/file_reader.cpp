#include "ingest/file_reader.h"

#include <cstring>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "base/check.h"
#include "ingest/file_bytes.h"

namespace warpscore {
namespace {

constexpr std::size_t kBufferBytes = 1024 * 1024;
constexpr std::size_t kRowBytesMax = kValueBytesMax + 2;  // with its line end
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

FileFormat format_of(std::string_view path, FileFormat otherwise) {
  if (path.ends_with(".gz")) path.remove_suffix(3);
  if (path.ends_with(".csv")) return FileFormat::kCsv;
  for (const std::string_view ending : {".json", ".jsonl", ".ndjson"}) {
    if (path.ends_with(ending)) return FileFormat::kJsonLines;
  }
  return otherwise;
}

// Where a CSV row that starts at `text` ends: the first newline outside quotes; npos: not in here.
// A quote opens a cell only at its start (RFC 4180); elsewhere the decoder will refuse it.
std::size_t csv_row_end(std::string_view text) {
  const std::size_t newline = text.find('\n');
  const std::size_t first_quote = text.substr(0, newline).find('"');
  if (first_quote == std::string_view::npos) return newline;
  bool cell_starts = true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n') return at;
    if (text[at] == '"' && cell_starts) {
      for (;; ++at) {  // to the closing quote, over doubled ones
        at = text.find('"', at + 1);
        if (at == std::string_view::npos) return at;
        if (at + 1 == text.size() || text[at + 1] != '"') break;
      }
    }
    cell_starts = text[at] == ',';
  }
  return std::string_view::npos;
}

}  // namespace

struct FileReader::Impl {
  Impl(const std::string& path, FileFormat format, const Schema& schema, Dictionary& dictionary)
      : bytes(path),
        format(format_of(path, format)),
        buffer(std::make_unique_for_overwrite<char[]>(kBufferBytes)) {
    while (!ended && end < kByteOrderMark.size()) refill();
    if (rest().starts_with(kByteOrderMark)) begin = kByteOrderMark.size();
    if (this->format == FileFormat::kJsonLines) {
      json.emplace(schema, dictionary, DecodeOptions{});
      return;
    }
    std::string_view header;
    do {
      if (!next_row(header)) throw std::runtime_error(bytes.name() + ": is empty: no CSV header");
    } while (header.empty());
    if (header.size() > kValueBytesMax) {
      throw std::runtime_error(bytes.name() + ": the CSV header is longer than 64 KiB");
    }
    try {
      csv.emplace(header, schema, dictionary, DecodeOptions{});
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(bytes.name() + ": " + error.what());
    }
  }

  [[nodiscard]] std::string_view rest() const { return {buffer.get() + begin, end - begin}; }

  void refill() {
    if (begin > 0) {
      std::memmove(buffer.get(), buffer.get() + begin, end - begin);
      end -= begin;
      begin = 0;
    }
    const std::size_t got = bytes.read(buffer.get() + end, kBufferBytes - end);
    end += got;
    ended = got == 0;
  }

  // The next row, without its line end; good until the next call. One that is too long is cut at
  // kValueBytesMax + 1 bytes, which the decoder refuses. false: end of file.
  bool next_row(std::string_view& row) {
    for (;;) {
      if (cut) {
        if (!skip_line()) return false;
        continue;
      }
      const std::size_t row_end =
          format == FileFormat::kCsv ? csv_row_end(rest()) : rest().find('\n');
      if (row_end != std::string_view::npos) {
        take(row, row_end);
        return true;
      }
      if (!ended && rest().size() < kRowBytesMax) {
        refill();
        continue;
      }
      // No end in sight: the first line stands for the row, so that one quote that is never
      // closed costs one line and not the rest of the file.
      const std::size_t line_end = rest().find('\n');
      if (line_end != std::string_view::npos) {
        take(row, line_end);
        return true;
      }
      if (rest().empty()) return false;
      cut = rest().size() > kValueBytesMax;
      take(row, cut ? kValueBytesMax + 1 : rest().size());
      return true;
    }
  }

  void take(std::string_view& row, std::size_t size) {
    row = rest().substr(0, size);
    begin += std::min(size + (cut ? 0 : 1), rest().size());
    if (row.ends_with('\r') && !cut) row.remove_suffix(1);
  }

  bool skip_line() {
    const std::size_t newline = rest().find('\n');
    if (newline != std::string_view::npos) {
      begin += newline + 1;
      cut = false;
      return true;
    }
    begin = end;
    if (ended) return false;
    refill();
    return true;
  }

  FileBytes bytes;
  const FileFormat format;
  std::optional<JsonDecoder> json;
  std::optional<CsvDecoder> csv;
  std::unique_ptr<char[]> buffer;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool ended = false;
  bool cut = false;          // the rest of a line that was too long is still to be skipped
  std::string_view waiting;  // a row that the last batch had no room for
  bool has_waiting = false;
  std::uint64_t rows = 0;
};

FileReader::FileReader(const std::string& path, FileFormat format, const Schema& schema,
                       Dictionary& dictionary)
    : impl_(std::make_unique<Impl>(path, format, schema, dictionary)) {}

FileReader::~FileReader() = default;

bool FileReader::next(Batch& batch) {
  Impl& impl = *impl_;
  std::uint32_t added = 0;
  while (batch.size() + batch.rejects().size() < batch.capacity()) {
    if (!impl.has_waiting && !impl.next_row(impl.waiting)) break;
    impl.has_waiting = false;
    if (impl.waiting.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    RawTransaction raw{{}, impl.waiting, {}, kNoTimestamp};
    if (!batch.has_room(text_room(raw))) {
      WARPSCORE_CHECK(batch.size() > 0 || !batch.rejects().empty());
      impl.has_waiting = true;
      break;
    }
    raw.source.offset = static_cast<std::int64_t>(++impl.rows);
    if (impl.csv) {
      impl.csv->decode(raw, batch);
    } else {
      impl.json->decode(raw, batch);
    }
    ++added;
  }
  return added > 0;
}

FileFormat FileReader::format() const { return impl_->format; }
std::uint64_t FileReader::bytes_read() const { return impl_->bytes.bytes_read(); }
std::uint64_t FileReader::bytes_total() const { return impl_->bytes.bytes_total(); }
std::uint64_t FileReader::rows() const { return impl_->rows; }

}  // namespace warpscore
