// UBJSON (draft 12) as XGBoost writes it: big-endian numbers, strings with a length, arrays that
// may state their count ('#') and the type of all their elements ('$'). High-precision numbers and
// objects with a stated count, which XGBoost neither writes nor reads, are refused.
#include <algorithm>
#include <bit>
#include <concepts>
#include <cstring>
#include <string>
#include <utility>

#include "scoring/document.h"

namespace warpscore {
namespace {

template <std::size_t size>
struct UnsignedOf;
template <>
struct UnsignedOf<1> {
  using Type = std::uint8_t;
};
template <>
struct UnsignedOf<2> {
  using Type = std::uint16_t;
};
template <>
struct UnsignedOf<4> {
  using Type = std::uint32_t;
};
template <>
struct UnsignedOf<8> {
  using Type = std::uint64_t;
};

class UbjsonReader {
 public:
  UbjsonReader(std::span<const std::byte> bytes, std::span<const std::string_view> skip)
      : bytes_(bytes), skip_(skip) {}

  Value read_document() {
    if (take_marker() != '{') fail("the file does not begin with an object");
    Value value = read_object(0, true);
    if (at_ != bytes_.size()) fail("more bytes after the end of the object");
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& sentence) const {
    const std::string place = (place_.empty() ? "byte " : place_ + " (byte ") + std::to_string(at_);
    throw DocumentError(place_.empty() ? place : place + ")", sentence);
  }

  void require(std::size_t count) const {
    if (count > bytes_.size() - at_) fail("the file ends too early; is it complete?");
  }

  char take_marker() {
    require(1);
    return static_cast<char>(bytes_[at_++]);
  }

  char peek_marker() const {
    require(1);
    return static_cast<char>(bytes_[at_]);
  }

  template <class Number>
  Number take_number() {
    using Bits = typename UnsignedOf<sizeof(Number)>::Type;
    require(sizeof(Number));
    Bits bits = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      bits = static_cast<Bits>((std::uint64_t{bits} << 8) | std::to_integer<Bits>(bytes_[at_ + i]));
    }
    at_ += sizeof(Number);
    return std::bit_cast<Number>(bits);
  }

  // The number behind its marker as a double; false where the marker is no number's.
  bool take_number_as(char marker, double& number) {
    switch (marker) {
      case 'i':
        number = take_number<std::int8_t>();
        return true;
      case 'U':
      case 'C':
        number = take_number<std::uint8_t>();
        return true;
      case 'I':
        number = take_number<std::int16_t>();
        return true;
      case 'l':
        number = take_number<std::int32_t>();
        return true;
      case 'L':
        number = static_cast<double>(take_number<std::int64_t>());
        return true;
      case 'd':
        number = static_cast<double>(take_number<float>());
        return true;
      case 'D':
        number = take_number<double>();
        return true;
      default:
        return false;
    }
  }

  static std::size_t size_of(char marker) {
    switch (marker) {
      case 'i':
      case 'U':
      case 'C':
        return 1;
      case 'I':
        return 2;
      case 'l':
      case 'd':
        return 4;
      case 'L':
      case 'D':
        return 8;
      default:
        return 0;
    }
  }

  // A count or length: as many things must still fit into the file, at `size` bytes each.
  std::size_t take_count(std::size_t size) {
    const char marker = take_marker();
    double count = 0.0;
    if (size_of(marker) == 0 || marker == 'd' || marker == 'D' || !take_number_as(marker, count)) {
      fail("expected an integer as length");
    }
    const std::size_t most = (bytes_.size() - at_) / size;
    if (!(count >= 0.0 && count <= static_cast<double>(most))) {
      fail("a length is negative or passes the end of the file; is it complete?");
    }
    return static_cast<std::size_t>(count);
  }

  std::string take_string() {
    const std::size_t size = take_count(1);
    std::string text(reinterpret_cast<const char*>(bytes_.data() + at_), size);
    at_ += size;
    return text;
  }

  Value read(char marker, std::size_t depth, bool keep) {
    double number = 0.0;
    if (take_number_as(marker, number)) {
      if (keep) budget_.take_numbers(1, place_);
      return {number};
    }
    if (depth >= kDocumentDepthMax) fail("is nested too deeply for a model");
    if (keep) budget_.take_value(place_);
    switch (marker) {
      case '{':
        return read_object(depth + 1, keep);
      case '[':
        return read_array(depth + 1, keep);
      case 'S': {
        std::string text = take_string();
        return keep ? Value{std::move(text)} : Value{};
      }
      case 'T':
        return {true};
      case 'F':
        return {false};
      case 'Z':
        return {};
      default:
        fail("unknown or unsupported UBJSON marker; save the model again with XGBoost");
    }
  }

  Value read_object(std::size_t depth, bool keep) {
    Value::Object members;
    while (peek_marker() != '}') {
      std::string key = take_string();
      const std::size_t place_size = place_.size();
      if (place_size != 0) place_ += '.';
      place_ += key;
      const bool keep_member = keep && std::find(skip_.begin(), skip_.end(), key) == skip_.end();
      Value value = read(take_marker(), depth, keep_member);
      if (keep_member) members.push_back({std::move(key), std::move(value)});
      place_.resize(place_size);
    }
    ++at_;
    return {std::move(members)};
  }

  Value read_array(std::size_t depth, bool keep) {
    if (peek_marker() == '$') return read_typed_array(keep);
    ArrayBuilder builder;
    const auto read_element = [&] {
      Value value = read(take_marker(), depth, keep);
      if (keep) builder.add(std::move(value), place_);
    };
    if (peek_marker() == '#') {
      ++at_;
      for (std::size_t left = take_count(1); left != 0; --left) read_element();
    } else {
      while (peek_marker() != ']') read_element();
      ++at_;
    }
    return builder.finish();
  }

  Value read_typed_array(bool keep) {
    ++at_;
    const char type = take_marker();
    if (size_of(type) == 0) fail("a typed array holds no numbers; save the model again");
    if (take_marker() != '#') fail("a typed array without a count");
    const std::size_t count = take_count(size_of(type));
    if (!keep) {
      at_ += count * size_of(type);
      return {};
    }
    budget_.take_numbers(count, place_);
    Value::Numbers numbers(count);
    for (double& number : numbers) take_number_as(type, number);
    return {std::move(numbers)};
  }

  std::span<const std::byte> bytes_;
  std::span<const std::string_view> skip_;
  std::size_t at_ = 0;
  DocumentBudget budget_;
  std::string place_;
};

}  // namespace

Value parse_ubjson(std::span<const std::byte> bytes, std::span<const std::string_view> skip) {
  return UbjsonReader(bytes, skip).read_document();
}

}  // namespace warpscore
