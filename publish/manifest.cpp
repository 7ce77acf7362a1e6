#include "publish/manifest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>
#include <limits>
#include <unordered_map>

#include "base/check.h"

namespace warpscore {
namespace {

constexpr std::string_view kMagic = "WSM1";
constexpr std::uint16_t kFlagClaim = 1;
constexpr std::size_t kTopicNameMax = 249;  // Kafka's
constexpr std::size_t kFixedBytes = 4 + 2 + 2 + 16 + 4 * 8;
constexpr std::size_t kChecksumBytes = 8;
constexpr std::uint64_t kTopics = 2;

class Writer {
 public:
  template <class Number>
  void fixed(Number value) {
    for (std::size_t i = 0; i < sizeof(Number); ++i)
      bytes_ += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  void text(std::string_view value) {
    varint(value.size());
    bytes_ += value;
  }
  void raw(const void* data, std::size_t size) {
    bytes_.append(static_cast<const char*>(data), size);
  }
  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
};

// Reads until something does not fit; then `good()` is false and all values are 0.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <class Number>
  Number fixed() {
    std::uint64_t value = 0;
    if (!take(sizeof(Number))) return Number{0};
    for (std::size_t i = 0; i < sizeof(Number); ++i)
      value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(last_[i])) << (8 * i);
    return static_cast<Number>(value);
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (!take(1)) return 0;
      const std::uint8_t byte = static_cast<std::uint8_t>(last_[0]);
      if (shift == 63 && byte > 1) break;  // more than 64 bits
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    good_ = false;
    return 0;
  }
  std::uint64_t varint_up_to(std::uint64_t most) {
    const std::uint64_t value = varint();
    if (value <= most) return value;
    good_ = false;
    return 0;
  }
  std::string text(std::size_t most) {
    const std::size_t size = varint_up_to(most);
    if (!good_ || !take(size)) return {};
    return std::string(last_);
  }
  std::string_view raw(std::size_t size) { return take(size) ? last_ : std::string_view(); }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }

 private:
  bool take(std::size_t size) {
    if (!good_ || bytes_.size() < size) {
      good_ = false;
      return false;
    }
    last_ = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return true;
  }

  std::string_view bytes_;
  std::string_view last_;
  bool good_ = true;
};

constexpr std::uint64_t kOffsetMax = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kPartitionMax = std::numeric_limits<std::int32_t>::max();
constexpr std::uint64_t kCountMax = std::numeric_limits<std::uint32_t>::max();

std::uint64_t lane_of_partition(InputTopic topic, std::int32_t partition) {
  return static_cast<std::uint64_t>(partition) * kTopics + static_cast<std::uint64_t>(topic);
}

// A range says where it starts only as the distance from the end of the range before it of the same
// partition: 0 nearly always, so a range takes six bytes.
class RangeEnds {
 public:
  std::int64_t& end_of(std::uint64_t lane) { return ends_[lane]; }

 private:
  std::unordered_map<std::uint64_t, std::int64_t> ends_;
};

void write_ranges(Writer& writer, const std::vector<InputRange>& ranges) {
  RangeEnds ends;
  writer.varint(ranges.size());
  for (const InputRange& range : ranges) {
    const std::uint64_t lane = lane_of_partition(range.topic, range.partition);
    std::int64_t& end = ends.end_of(lane);
    WARPSCORE_CHECK(range.first >= end && range.end >= range.first);
    writer.varint(lane);
    writer.varint(static_cast<std::uint64_t>(range.first - end));
    writer.varint(static_cast<std::uint64_t>(range.end - range.first));
    writer.varint(range.applied);
    writer.varint(range.rejected);
    end = range.end;
  }
}

bool read_ranges(Reader& reader, std::vector<InputRange>& ranges) {
  constexpr std::size_t kBytesMin = 5;
  RangeEnds ends;
  const std::uint64_t count = reader.varint_up_to(reader.left() / kBytesMin);
  ranges.reserve(count);
  for (std::uint64_t i = 0; i < count && reader.good(); ++i) {
    const std::uint64_t lane = reader.varint_up_to(kPartitionMax * kTopics + kTopics - 1);
    std::int64_t& end = ends.end_of(lane);
    InputRange range;
    range.topic = static_cast<InputTopic>(lane % kTopics);
    range.partition = static_cast<std::int32_t>(lane / kTopics);
    range.first = end + static_cast<std::int64_t>(
                            reader.varint_up_to(kOffsetMax - static_cast<std::uint64_t>(end)));
    range.end = range.first + static_cast<std::int64_t>(reader.varint_up_to(
                                  kOffsetMax - static_cast<std::uint64_t>(range.first)));
    range.applied = static_cast<std::uint32_t>(reader.varint_up_to(kCountMax));
    range.rejected = static_cast<std::uint32_t>(reader.varint_up_to(kCountMax));
    end = range.end;
    const std::uint64_t messages = std::uint64_t{range.applied} + range.rejected;
    if (messages > static_cast<std::uint64_t>(range.end - range.first)) return false;
    ranges.push_back(range);
  }
  return reader.good();
}

void write_positions(Writer& writer, const std::vector<InputPosition>& positions) {
  writer.varint(positions.size());
  for (const InputPosition& position : positions) {
    writer.varint(lane_of_partition(position.topic, position.partition));
    writer.varint(static_cast<std::uint64_t>(position.next));
  }
}

bool read_positions(Reader& reader, std::vector<InputPosition>& positions) {
  constexpr std::size_t kBytesMin = 2;
  const std::uint64_t count = reader.varint_up_to(reader.left() / kBytesMin);
  positions.reserve(count);
  for (std::uint64_t i = 0; i < count && reader.good(); ++i) {
    const std::uint64_t lane = reader.varint_up_to(kPartitionMax * kTopics + kTopics - 1);
    positions.push_back({static_cast<InputTopic>(lane % kTopics),
                         static_cast<std::int32_t>(lane / kTopics),
                         static_cast<std::int64_t>(reader.varint_up_to(kOffsetMax))});
  }
  return reader.good();
}

bool read_body(Reader& reader, Manifest& manifest) {
  manifest.input_topic = reader.text(kTopicNameMax);
  manifest.labels_topic = reader.text(kTopicNameMax);
  manifest.scores = reader.varint();
  manifest.alerts = reader.varint();
  manifest.dead_letters = reader.varint();
  return read_ranges(reader, manifest.ranges) && read_positions(reader, manifest.positions) &&
         reader.left() == 0;
}

}  // namespace

std::uint64_t manifest_hash(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string encode_manifest(const Manifest& manifest) {
  WARPSCORE_CHECK(manifest.input_topic.size() <= kTopicNameMax &&
                  manifest.labels_topic.size() <= kTopicNameMax);
  Writer writer;
  writer.raw(kMagic.data(), kMagic.size());
  writer.fixed(kManifestVersion);
  writer.fixed(static_cast<std::uint16_t>(manifest.claim ? kFlagClaim : 0));
  writer.raw(manifest.genesis.data(), manifest.genesis.size());
  writer.fixed(manifest.term);
  writer.fixed(manifest.sequence);
  writer.fixed(manifest.previous_hash);
  writer.fixed(manifest.written_ms);
  writer.text(manifest.input_topic);
  writer.text(manifest.labels_topic);
  writer.varint(manifest.scores);
  writer.varint(manifest.alerts);
  writer.varint(manifest.dead_letters);
  write_ranges(writer, manifest.ranges);
  write_positions(writer, manifest.positions);
  writer.fixed(manifest_hash(writer.bytes()));
  return std::move(writer.bytes());
}

bool decode_manifest(std::string_view bytes, Manifest& manifest, std::string& why_not) {
  manifest = {};
  if (bytes.size() < kFixedBytes + kChecksumBytes || bytes.substr(0, 4) != kMagic) {
    why_not = "it is not a Warpscore manifest";
    return false;
  }
  Reader checksum(bytes.substr(bytes.size() - kChecksumBytes));
  bytes.remove_suffix(kChecksumBytes);
  Reader reader(bytes.substr(kMagic.size()));
  const std::uint16_t version = reader.fixed<std::uint16_t>();
  if (version != kManifestVersion) {
    why_not = "its format version is " + std::to_string(version) + ", this program knows " +
              std::to_string(kManifestVersion);
    return false;
  }
  if (checksum.fixed<std::uint64_t>() != manifest_hash(bytes)) {
    why_not = "its checksum is wrong";
    return false;
  }
  const std::uint16_t flags = reader.fixed<std::uint16_t>();
  manifest.claim = (flags & kFlagClaim) != 0;
  const std::string_view genesis = reader.raw(manifest.genesis.size());
  std::memcpy(manifest.genesis.data(), genesis.data(), genesis.size());
  manifest.term = reader.fixed<std::uint64_t>();
  manifest.sequence = reader.fixed<std::uint64_t>();
  manifest.previous_hash = reader.fixed<std::uint64_t>();
  manifest.written_ms = reader.fixed<std::int64_t>();
  if ((flags & ~kFlagClaim) != 0 || !read_body(reader, manifest)) {
    why_not = "its content makes no sense";
    return false;
  }
  return true;
}

std::string to_text(const Genesis& genesis) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < genesis.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[genesis[i] >> 4];
    text += kDigits[genesis[i] & 15];
  }
  return text;
}

}  // namespace warpscore
