// A JSON or UBJSON text as a tree of values: the one form in which model files are validated.
//
// Layout  an array of numbers or booleans is one packed vector of doubles (model files are little
//         else, and the limits below hold by its size); every other array is a vector of values.
// Owner   values own all they hold; the text can go.
// Limits  nesting, values and numbers are bounded before memory is taken, so that a hostile text
//         costs at most a small multiple of its own size.
// Errors  DocumentError: "place: what is wrong and what mends it".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace warpscore {

inline constexpr std::size_t kDocumentDepthMax = 32;
inline constexpr std::size_t kDocumentValuesMax = std::size_t{1} << 22;
inline constexpr std::size_t kDocumentNumbersMax = std::size_t{1} << 27;

class DocumentError : public std::runtime_error {
 public:
  DocumentError(std::string_view place, std::string_view sentence);
};

struct Member;

struct Value {
  using Numbers = std::vector<double>;
  using Array = std::vector<Value>;
  using Object = std::vector<Member>;
  std::variant<std::monostate, bool, double, std::string, Numbers, Array, Object> data;
};

struct Member {
  std::string key;
  Value value;
};

// How wide the decimals of a JSON text are. XGBoost's are float32 and must be rounded once, from
// the text: by way of a double some would be rounded twice, and differ in the last bit.
enum class NumberWidth : std::uint8_t { kFloat32, kFloat64 };

// Members whose key is in `skip` are passed over, whatever they hold.
Value parse_json(std::string_view text, NumberWidth width, std::span<const std::string_view> skip);
Value parse_ubjson(std::span<const std::byte> bytes, std::span<const std::string_view> skip);

// Whether the text is a JSON object with this member.
bool json_has_member(std::string_view text, std::string_view key);

// A value and where it lies, to read it with errors that say the place.
class Field {
 public:
  Field(const Value& value, std::string place) : value_(&value), place_(std::move(place)) {}

  const std::string& place() const { return place_; }
  [[noreturn]] void fail(std::string_view sentence) const;
  [[noreturn]] void fail_at(std::size_t index, std::string_view sentence) const;

  bool has(std::string_view key) const;  // the value is an object with this member
  Field at(std::string_view key) const;  // fails where the member is missing
  Field at(std::size_t index) const;     // fails unless an array of values with this index
  std::size_t size() const;              // of an array of either kind
  bool empty_array() const;              // an array of either kind without elements
  const std::string& text() const;       // fails unless a string
  double number() const;                 // fails unless a number
  std::int64_t integer_between(std::int64_t least, std::int64_t most) const;  // or its text
  const Value::Numbers& numbers() const;   // fails unless an array of numbers
  std::vector<std::string> texts() const;  // fails unless an array of strings

 private:
  const Value* find(std::string_view key) const;
  const Value* value_;
  std::string place_;
};

// Collects an array of unknown kind. One that mixes numbers with other values is refused: no model
// has it, and unpacking would cost memory out of proportion.
class ArrayBuilder {
 public:
  void add(Value value, std::string_view place);
  Value finish();

 private:
  Value::Numbers numbers_;
  Value::Array values_;
};

// What a text may still use of the limits above. Throws where one is passed.
class DocumentBudget {
 public:
  void take_value(std::string_view place);
  void take_numbers(std::size_t count, std::string_view place);

 private:
  std::size_t values_left_ = kDocumentValuesMax;
  std::size_t numbers_left_ = kDocumentNumbersMax;
};

}  // namespace warpscore
