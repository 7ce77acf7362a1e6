// Bytes of a transaction or a label -> one row of a batch, or the reason why not. The folder's
// face.
//
// Layout  one decoder per thread and format; it holds its scratch memory (below 1 MiB) from the
//         start, and decoding allocates only for rejects and for texts of enums never seen before.
// Order   reasons are reported the same way for every order of members: malformed input first,
//         then id, time, the fields in the order configured, the label.
// Errors  bad data is a Reject in the batch, never an exception. docs/formats.md has the rules.
// Thread  a decoder is used by one thread; Dictionary and EnumLimits may be shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/batch.h"
#include "base/dictionary.h"
#include "base/key.h"
#include "base/rejects.h"
#include "base/schema.h"

namespace warpscore {

inline constexpr std::size_t kValueBytesMax = 64 * 1024;  // longer values and keys are kTooLong
inline constexpr int kDepthMax = 8;               // objects and arrays, the outermost counted
inline constexpr std::int64_t kNoTimestamp = -1;  // no Kafka timestamp: files, old producers

// The distinct values that each enum field with an `enum_max` has had in this process.
// Thread  any.
class EnumLimits {
 public:
  explicit EnumLimits(const Schema& schema);
  // Is `text` one of the first enum_max values of this field? Counts it if there is room.
  [[nodiscard]] bool admit(std::uint32_t field, std::string_view text);

 private:
  struct Values {
    std::uint32_t max = 0;
    std::set<std::string, std::less<>> texts;
  };
  std::mutex mutex_;
  std::vector<Values> fields_;
};

struct DecodeOptions {
  std::optional<std::int64_t> max_future_skew_ms;  // against the Kafka timestamp; off for files
  EnumLimits* enum_limits = nullptr;  // one for all decoders of a process; nullptr: one's own
};

struct RawTransaction {
  std::string_view key;  // Kafka's; empty in files
  std::string_view value;
  Source source;
  std::int64_t timestamp_ms = kNoTimestamp;
};

// What Batch::has_room must grant before decode: the bytes kept, and the id once more where it has
// escapes. Bounded whatever the length of the value.
[[nodiscard]] std::size_t text_room(const RawTransaction& raw);

class RowBuilder;   // ingest/row_builder.h: tokens -> row
class JsonMembers;  // ingest/json_members.h: bytes -> tokens
class CsvCells;     // ingest/csv_cells.h: bytes -> tokens

class JsonDecoder {
 public:
  JsonDecoder(const Schema& schema, Dictionary& dictionary, const DecodeOptions& options);
  ~JsonDecoder();
  // Appends one row (true) or one reject (false).
  // REQUIRES !batch.full() && batch.has_room(text_room(raw)).
  bool decode(const RawTransaction& raw, Batch& batch);

 private:
  std::unique_ptr<RowBuilder> rows_;
  std::unique_ptr<JsonMembers> members_;
};

// One row of a CSV file (RFC 4180), without its line end. Columns may stand in any order.
class CsvDecoder {
 public:
  // `header` is the first row of the file, as text. Throws std::runtime_error if a column that the
  // schema needs is not there; those of optional fields may be absent.
  CsvDecoder(std::string_view header, const Schema& schema, Dictionary& dictionary,
             const DecodeOptions& options);
  ~CsvDecoder();
  bool decode(const RawTransaction& raw, Batch& batch);  // as JsonDecoder's

 private:
  std::unique_ptr<RowBuilder> rows_;
  std::unique_ptr<CsvCells> cells_;
};

struct DecodedLabel {
  std::uint64_t id_hash = 0;
  std::int64_t time_ms = 0;
  std::vector<Key> keys;  // [schema.key_count]; an optional key field may be absent: {0, 0}
  bool fraud = false;
};

// A value of the labels topic: the members that Schema::labels, time and the key fields name.
class LabelDecoder {
 public:
  explicit LabelDecoder(const Schema& schema);  // REQUIRES schema.labels with a topic
  ~LabelDecoder();
  // false: `reject` says why; its key and value are empty, the caller has the bytes.
  bool decode(const RawTransaction& raw, DecodedLabel& label, Reject& reject);

 private:
  const Schema& schema_;
  std::unique_ptr<JsonMembers> members_;
  std::vector<std::uint32_t> names_;  // id, time, value, key fields: which member each is
};

}  // namespace warpscore
