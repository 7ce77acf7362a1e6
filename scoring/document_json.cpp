// JSON by simdjson's On-Demand reader: what is skipped is never converted, and decimals are rounded
// once, from their own digits.
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "scoring/document.h"

namespace warpscore {
namespace {

namespace ondemand = simdjson::ondemand;

class JsonReader {
 public:
  JsonReader(NumberWidth width, std::span<const std::string_view> skip)
      : width_(width), skip_(skip) {}

  Value read_object(ondemand::object object, std::size_t depth) {
    Value::Object members;
    for (auto field : object) {
      std::string key(std::string_view(field.unescaped_key()));
      if (std::find(skip_.begin(), skip_.end(), key) != skip_.end()) continue;
      KeyScope scope(*this, key);
      members.push_back({std::move(key), read(field.value(), depth)});
    }
    return {std::move(members)};
  }

  const std::string& place() const { return place_; }

 private:
  // The keys above the value being read, for errors; array indices are left out.
  class KeyScope {
   public:
    KeyScope(JsonReader& reader, std::string_view key)
        : reader_(reader), size_(reader.place_.size()) {
      if (size_ != 0) reader.place_ += '.';
      reader.place_ += key;
    }
    // Not when an error passes: the place of the error is still wanted.
    ~KeyScope() {
      if (std::uncaught_exceptions() == 0) reader_.place_.resize(size_);
    }

   private:
    JsonReader& reader_;
    std::size_t size_;
  };

  Value read(ondemand::value value, std::size_t depth) {
    if (depth >= kDocumentDepthMax) throw DocumentError(place_, "is nested too deeply for a model");
    const ondemand::json_type type = value.type();
    if (type == ondemand::json_type::number) return {read_number(value)};
    budget_.take_value(place_);
    switch (type) {
      case ondemand::json_type::object:
        return read_object(value.get_object(), depth + 1);
      case ondemand::json_type::array:
        return read_array(value.get_array(), depth + 1);
      case ondemand::json_type::string:
        return {std::string(std::string_view(value.get_string()))};
      case ondemand::json_type::boolean:
        return {bool(value.get_bool())};
      default:
        if (!value.is_null()) throw DocumentError(place_, "is no valid JSON value");
        return {};
    }
  }

  Value read_array(ondemand::array array, std::size_t depth) {
    ArrayBuilder builder;
    for (auto element : array) builder.add(read(element.value(), depth), place_);
    return builder.finish();
  }

  double read_number(ondemand::value value) {
    budget_.take_numbers(1, place_);
    std::string_view token = value.raw_json_token();
    token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
    double number = 0.0;
    bool valid = false;
    const bool integer = token.find_first_of(".eE") == std::string_view::npos;
    if (width_ == NumberWidth::kFloat32 && !integer) {
      float narrow = 0.0F;
      valid = convert(token, narrow);
      number = narrow;
    } else {
      valid = convert(token, number);
    }
    if (!valid) {
      throw DocumentError(place_, "\"" + std::string(token.substr(0, 40)) +
                                      "\" is no JSON number, or too large or too small for one");
    }
    return number;
  }

  template <class Number>
  static bool convert(std::string_view token, Number& number) {
    // from_chars would also take "inf" and "nan", which JSON has not.
    if (token.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return false;
    const char* end = token.data() + token.size();
    const auto [stop, error] = std::from_chars(token.data(), end, number);
    return error == std::errc() && stop == end;
  }

  NumberWidth width_;
  std::span<const std::string_view> skip_;
  DocumentBudget budget_;
  std::string place_;
};

[[noreturn]] void fail(const std::string& place, const simdjson::simdjson_error& error) {
  throw DocumentError(
      place, std::string("is not valid JSON (") + error.what() + "); is the file complete?");
}

}  // namespace

Value parse_json(std::string_view text, NumberWidth width, std::span<const std::string_view> skip) {
  const simdjson::padded_string padded(text);
  JsonReader reader(width, skip);
  try {
    ondemand::parser parser;
    ondemand::document document = parser.iterate(padded);
    Value value = reader.read_object(document.get_object(), 0);
    if (document.current_location().error() == simdjson::SUCCESS) {
      throw DocumentError("", "more text after the end of the JSON object");
    }
    return value;
  } catch (const simdjson::simdjson_error& error) {
    fail(reader.place(), error);
  }
}

bool json_has_member(std::string_view text, std::string_view key) {
  const simdjson::padded_string padded(text);
  try {
    ondemand::parser parser;
    ondemand::document document = parser.iterate(padded);
    ondemand::object object = document.get_object();
    return object.find_field_unordered(key).error() == simdjson::SUCCESS;
  } catch (const simdjson::simdjson_error& error) {
    fail("", error);
  }
}

}  // namespace warpscore
