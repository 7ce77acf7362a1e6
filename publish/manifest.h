// The manifest: one record per commit, in the same Kafka transaction as what it speaks of. It is
// the one truth about how far the input has been applied, and in which order.
//
// Layout  docs/formats.md, "Manifest". Little endian, varints for the ranges, a checksum at the
// end. Order   ranges stand in the order in which they were applied: reading the input again in
// that
//         order rebuilds the same state, keys that span partitions included.
// Chain   sequence counts from 0 and `previous_hash` is the hash of the record before it; a gap, a
//         foreign genesis or a re-created topic cannot go unseen.
// Errors  decode_manifest never trusts the bytes; it says what is wrong.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/input_range.h"

namespace warpscore {

inline constexpr std::uint16_t kManifestVersion = 1;

// Kafka's default limit of a record is 1 MiB; a commit that grows past this is cut.
inline constexpr std::size_t kManifestBytesMax = 900'000;
// What a range takes at most, so that a commit knows when to stop without encoding.
inline constexpr std::size_t kManifestRangeBytesMax = 40;

using Genesis = std::array<std::uint8_t, 16>;  // drawn once, when the changelog is begun

struct Manifest {
  bool claim = false;  // the first of a process: from here on `term` is this one's
  Genesis genesis{};
  std::uint64_t term = 0;
  std::uint64_t sequence = 0;
  std::uint64_t previous_hash = 0;  // 0 for the first
  std::int64_t written_ms = 0;      // epoch; for people, nothing depends on it
  std::string input_topic;
  std::string labels_topic;  // "" if there is none
  std::uint64_t scores = 0;  // records written in this transaction
  std::uint64_t alerts = 0;
  std::uint64_t dead_letters = 0;
  std::vector<InputRange> ranges;
  std::vector<InputPosition> positions;  // of every partition that has been read, ever
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

[[nodiscard]] std::string encode_manifest(const Manifest& manifest);

// false: `why_not` is a sentence, `manifest` is not to be used.
[[nodiscard]] bool decode_manifest(std::string_view bytes, Manifest& manifest,
                                   std::string& why_not);

// What the next manifest names as previous_hash: XXH3-64 of the whole record.
[[nodiscard]] std::uint64_t manifest_hash(std::string_view bytes);

[[nodiscard]] std::string to_text(const Genesis& genesis);  // as a UUID is written

}  // namespace warpscore
