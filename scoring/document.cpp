#include "scoring/document.h"

#include <charconv>
#include <cmath>
#include <utility>

namespace warpscore {
namespace {

std::string sentence_at(std::string_view place, std::string_view sentence) {
  std::string text;
  if (!place.empty()) text.append(place).append(": ");
  return text.append(sentence);
}

std::string joined(std::string_view place, std::string_view key) {
  std::string text(place);
  if (!text.empty()) text += '.';
  return text.append(key);
}

std::string indexed(std::string_view place, std::size_t index) {
  return std::string(place).append("[").append(std::to_string(index)).append("]");
}

}  // namespace

DocumentError::DocumentError(std::string_view place, std::string_view sentence)
    : std::runtime_error(sentence_at(place, sentence)) {}

void Field::fail(std::string_view sentence) const { throw DocumentError(place_, sentence); }

void Field::fail_at(std::size_t index, std::string_view sentence) const {
  throw DocumentError(indexed(place_, index), sentence);
}

const Value* Field::find(std::string_view key) const {
  const auto* object = std::get_if<Value::Object>(&value_->data);
  if (object == nullptr) fail("expected an object; is this file complete and a model?");
  for (const Member& member : *object) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

bool Field::has(std::string_view key) const { return find(key) != nullptr; }

Field Field::at(std::string_view key) const {
  const Value* member = find(key);
  std::string place = joined(place_, key);
  if (member == nullptr) {
    throw DocumentError(place, "is missing; save the model again from the tool that trained it");
  }
  return {*member, std::move(place)};
}

Field Field::at(std::size_t index) const {
  const auto* values = std::get_if<Value::Array>(&value_->data);
  if (values == nullptr || index >= values->size())
    fail_at(index, "expected an object or a string");
  return {(*values)[index], indexed(place_, index)};
}

std::size_t Field::size() const {
  if (const auto* numbers = std::get_if<Value::Numbers>(&value_->data)) return numbers->size();
  if (const auto* values = std::get_if<Value::Array>(&value_->data)) return values->size();
  fail("expected an array");
}

bool Field::empty_array() const { return size() == 0; }

const std::string& Field::text() const {
  const auto* text = std::get_if<std::string>(&value_->data);
  if (text == nullptr) fail("expected a string");
  return *text;
}

double Field::number() const {
  const auto* number = std::get_if<double>(&value_->data);
  if (number == nullptr) fail("expected a number");
  return *number;
}

std::int64_t Field::integer_between(std::int64_t least, std::int64_t most) const {
  std::int64_t integer = 0;
  if (const auto* text = std::get_if<std::string>(&value_->data)) {
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, integer);
    if (error != std::errc() || stop != end) fail("expected an integer, found \"" + *text + '"');
  } else {
    const double value = number();
    if (std::abs(value) > 9007199254740992.0 || value != std::floor(value)) {
      fail("expected an integer");
    }
    integer = static_cast<std::int64_t>(value);
  }
  if (integer < least || integer > most) {
    fail("is " + std::to_string(integer) + ", which is not within " + std::to_string(least) +
         " and " + std::to_string(most));
  }
  return integer;
}

const Value::Numbers& Field::numbers() const {
  const auto* numbers = std::get_if<Value::Numbers>(&value_->data);
  if (numbers == nullptr) fail("expected an array of numbers");
  return *numbers;
}

std::vector<std::string> Field::texts() const {
  std::vector<std::string> texts;
  if (empty_array()) return texts;
  texts.reserve(size());
  for (std::size_t i = 0; i < size(); ++i) texts.push_back(at(i).text());
  return texts;
}

void ArrayBuilder::add(Value value, std::string_view place) {
  const auto* number = std::get_if<double>(&value.data);
  const auto* boolean = std::get_if<bool>(&value.data);
  const bool packed = number != nullptr || boolean != nullptr;
  if (packed ? !values_.empty() : !numbers_.empty()) {
    throw DocumentError(place, "an array mixes numbers with other values; save the model again");
  }
  if (number != nullptr) {
    numbers_.push_back(*number);
  } else if (boolean != nullptr) {
    numbers_.push_back(*boolean ? 1.0 : 0.0);
  } else {
    values_.push_back(std::move(value));
  }
}

Value ArrayBuilder::finish() {
  if (values_.empty()) return {std::move(numbers_)};
  return {std::move(values_)};
}

void DocumentBudget::take_value(std::string_view place) {
  if (values_left_ == 0) {
    throw DocumentError(place, "more than " + std::to_string(kDocumentValuesMax) +
                                   " values; no model that this program takes has so many");
  }
  --values_left_;
}

void DocumentBudget::take_numbers(std::size_t count, std::string_view place) {
  if (count > numbers_left_) {
    throw DocumentError(place, "more than " + std::to_string(kDocumentNumbersMax) +
                                   " numbers; train fewer or smaller trees");
  }
  numbers_left_ -= count;
}

}  // namespace warpscore
