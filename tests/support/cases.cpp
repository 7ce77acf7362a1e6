#include "tests/support/cases.h"

#include <cctype>
#include <charconv>
#include <cstdlib>
#include <map>
#include <sstream>

namespace warpscore {
namespace {

[[noreturn]] void fail(const std::string& what) { throw CaseError(what); }

// Words apart by blanks; quotes hold blanks together, within a word too: where="a > 1".
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false;
  bool open = false;
  for (const char c : line) {
    if (c == '#' && !quoted) break;
    if (c == '"') {
      quoted = !quoted;
      open = true;
    } else if (!quoted && std::isspace(static_cast<unsigned char>(c)) != 0) {
      if (open) words.push_back(word);
      word.clear();
      open = false;
    } else {
      word += c == '\'' && quoted ? '"' : c;  // texts within quotes are written 'NL'
      open = true;
    }
  }
  if (quoted) fail("a quote is not closed");
  if (open) words.push_back(word);
  return words;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

std::int64_t parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    fail("not a number: " + std::string(text));
  return number;
}

Lane parse_decimal(const std::string& text, int scale) {
  const std::size_t point = text.find('.');
  std::string digits = text.substr(0, point);
  std::string fraction = point == std::string::npos ? "" : text.substr(point + 1);
  if (fraction.size() > static_cast<std::size_t>(scale)) fail("too many digits: " + text);
  fraction.resize(static_cast<std::size_t>(scale), '0');
  return parse_number(digits + fraction);
}

class Parser {
 public:
  explicit Parser(Dictionary& dictionary) : dictionary_(dictionary) {}

  void statement(std::uint32_t line, const std::vector<std::string>& words) {
    const std::string& verb = words[0];
    if (verb == "field") return field(words);
    if (verb == "labels") return labels(words.at(1));
    if (verb == "history") return void(case_.input.state.history_max = limit(words));
    if (verb == "keys") return void(case_.input.state.keys_max = limit(words));
    if (verb == "feature") return feature(words);
    if (verb == "alert") return alert(words);
    if (verb == "columns") return columns(words);
    if (verb == "at") return transaction(line, words);
    if (verb == "label") return label(words);
    fail("unknown statement: " + verb);
  }

  [[nodiscard]] Case take() { return std::move(case_); }

 private:
  static std::uint64_t limit(const std::vector<std::string>& words) {
    return static_cast<std::uint64_t>(parse_number(words.at(1)));
  }

  void field(const std::vector<std::string>& words) {
    Field field;
    field.name = field.source = words.at(1);
    const std::string& type = words.at(2);
    field.optional = words.size() > 3 && words[3] == "optional";
    if (type == "key") {
      field.type = FieldType::kKey;
      field.key_index = case_.input.schema.key_count++;
    } else if (type == "integer") {
      field.type = FieldType::kInteger;
    } else if (type == "enum") {
      field.type = FieldType::kEnum;
    } else if (type == "bool") {
      field.type = FieldType::kBool;
    } else if (type.starts_with("decimal(") && type.size() == 10) {
      field.type = FieldType::kDecimal;
      field.scale = static_cast<std::uint8_t>(type[8] - '0');
    } else {
      fail("unknown type: " + type);
    }
    case_.input.schema.fields.push_back(field);
  }

  void labels(const std::string& from) {
    LabelSource source;
    (from == "input" ? source.field : source.topic) = "label";
    case_.input.schema.labels = source;
  }

  static void set(FeatureSpec& spec, const std::string& name, const std::string& value) {
    if (name == "key") return void(spec.key.text = value);
    if (name == "value") return void(spec.value.text = value);
    if (name == "where") return void(spec.where.text = value);
    if (name == "expr") return void(spec.expr.text = value);
    if (name == "delay") return void(spec.delay_ms = parse_case_time(value));
    if (name == "lookback") return void(spec.lookback_ms = parse_case_time(value));
    if (name == "closed" && value == "both") return void(spec.closed_both = true);
    for (const std::string& part : split(value, ',')) {
      if (name == "op") {
        spec.ops.push_back({part, {}});
      } else if (name == "same") {
        spec.same.push_back({part, {}});
      } else if (name == "window") {
        spec.windows.push_back({part, parse_case_time(part), {}});
      } else {
        fail("unknown setting of a feature: " + name + "=" + value);
      }
    }
  }

  void feature(const std::vector<std::string>& words) {
    FeatureSpec spec;
    spec.name.text = words.at(1);
    for (std::size_t i = 2; i < words.size(); ++i) {
      const std::size_t equals = words[i].find('=');
      if (equals == std::string::npos) fail("not name=value: " + words[i]);
      set(spec, words[i].substr(0, equals), words[i].substr(equals + 1));
    }
    case_.input.features.push_back(spec);
  }

  void alert(const std::vector<std::string>& words) {
    AlertSpec spec;
    spec.name = words.at(1);
    if (!words.at(2).starts_with("when=")) fail("an alert needs when=\"...\"");
    spec.when.text = words[2].substr(5);
    spec.severity = "high";
    case_.input.alerts.push_back(spec);
  }

  void columns(const std::vector<std::string>& words) {
    bool features = false;
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (words[i] == "|") {
        features = true;
      } else {
        (features ? case_.columns : inputs_).push_back(words[i]);
      }
    }
  }

  void set_field(Transaction& transaction, const std::string& name, const std::string& text) {
    const bool missing = text == "-";
    if (name == "label") {
      transaction.label = missing ? kMissing : parse_number(text);
      return;
    }
    const Schema& schema = case_.input.schema;
    const Field* const field = schema.find(name);
    if (field == nullptr) fail("unknown field: " + name);
    if (missing) return;
    Lane& lane = transaction.fields[static_cast<std::size_t>(field - schema.fields.data())];
    switch (field->type) {
      case FieldType::kKey:
        transaction.keys[field->key_index] = key_of(text);
        lane = fingerprint_of(key_of(text));
        break;
      case FieldType::kInteger:
        lane = parse_number(text);
        break;
      case FieldType::kDecimal:
        lane = parse_decimal(text, field->scale);
        break;
      case FieldType::kEnum:
        lane = dictionary_.number_of(text);
        break;
      case FieldType::kBool:
        lane = text == "true" ? 1 : 0;
        break;
    }
  }

  void transaction(std::uint32_t line, const std::vector<std::string>& words) {
    Step step;
    step.transaction.time_ms = kCaseStartMs + parse_case_time(words.at(1));
    step.transaction.id_hash = id_hash_of(case_.rows.size() + 1);
    step.transaction.keys.resize(case_.input.schema.key_count);
    step.transaction.fields.resize(case_.input.schema.fields.size(), kMissing);
    std::size_t word = 2;
    for (const std::string& name : inputs_) set_field(step.transaction, name, words.at(word++));
    ExpectedRow expected;
    expected.line = line;
    if (word < words.size() && words[word] != "|") fail("more values than columns");
    for (++word; word < words.size(); ++word) expected.values.push_back(words[word]);
    expected.refused = expected.values == std::vector<std::string>{"refused"};
    if (!expected.refused && expected.values.size() != case_.columns.size())
      fail("as many expected values as features in `columns` are needed");
    case_.rows.push_back(expected);
    case_.steps.push_back(step);
    transactions_.push_back(step.transaction);
  }

  void label(const std::vector<std::string>& words) {
    Step step;
    step.is_label = true;
    step.fraud = words.at(2) == "yes";
    step.transaction = transactions_.at(static_cast<std::size_t>(parse_number(words.at(1)) - 1));
    const bool unmatched = words.size() > 3 && words[3] == "unmatched";
    if (unmatched) step.transaction.id_hash ^= 1;  // an id that no transaction has
    case_.steps.push_back(step);
    case_.labels_match.push_back(!unmatched);
  }

  Dictionary& dictionary_;
  Case case_;
  std::vector<std::string> inputs_;
  std::vector<Transaction> transactions_;
};

}  // namespace

std::uint64_t id_hash_of(std::uint64_t number) { return mix64(number) & ~std::uint64_t{1}; }

std::int64_t parse_case_time(std::string_view text) {
  static const std::map<std::string_view, std::int64_t> kUnits = {
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}, {"", 1}};
  std::int64_t total = 0;
  std::int64_t sign = 1;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '+' || text[at] == '-') sign = text[at++] == '+' ? 1 : -1;
    std::size_t end = at;
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
    std::size_t unit_end = end;
    while (unit_end < text.size() && std::isalpha(static_cast<unsigned char>(text[unit_end])) != 0)
      ++unit_end;
    const auto unit = kUnits.find(text.substr(end, unit_end - end));
    if (end == at || unit == kUnits.end()) fail("not a time: " + std::string(text));
    total += sign * parse_number(text.substr(at, end - at)) * unit->second;
    at = unit_end;
  }
  return total;
}

Case parse_case(std::string_view text, Dictionary& dictionary) {
  Parser parser(dictionary);
  std::istringstream stream{std::string(text)};
  std::uint32_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    try {
      const std::vector<std::string> words = words_of(line);
      if (!words.empty()) parser.statement(number, words);
    } catch (const std::exception& error) {
      fail("line " + std::to_string(number) + ": " + error.what());
    }
  }
  return parser.take();
}

std::string text_of_lane(ColumnType type, Lane lane, const Dictionary& dictionary) {
  if (is_missing(type.type, lane)) return "-";
  switch (type.type) {
    case LaneType::kDouble: {
      char buffer[40];
      const auto end = std::to_chars(buffer, buffer + sizeof(buffer), double_of(lane)).ptr;
      return std::string(buffer, end);
    }
    case LaneType::kBool:
      return lane != 0 ? "true" : "false";
    case LaneType::kEnum:
      return std::string(dictionary.text_of(lane));
    default:
      return std::to_string(lane);
  }
}

std::string difference(const std::string& expected, ColumnType type, Lane lane, bool truncated,
                       const Dictionary& dictionary) {
  if (expected == "?") return "";
  std::string value = expected;
  const bool mark = value.ends_with('*');
  if (mark) value.pop_back();
  if (mark != truncated) return mark ? "is not marked truncated" : "is marked truncated";
  const bool missing = is_missing(type.type, lane);
  if (value == "-" || missing)
    return (value == "-") == missing ? "" : missing ? "is missing" : "is not missing";
  bool equal = false;
  switch (type.type) {
    case LaneType::kDouble:
      equal = double_of(lane) == std::strtod(value.c_str(), nullptr);
      break;
    case LaneType::kDecimal:
      equal = lane == parse_decimal(value, type.scale);
      break;
    case LaneType::kBool:
      equal = lane == (value == "true" ? 1 : 0);
      break;
    case LaneType::kTime:
      equal = lane == kCaseStartMs + parse_case_time(value);
      break;
    case LaneType::kKey:
      equal = lane == fingerprint_of(key_of(value));
      break;
    case LaneType::kEnum:
      equal = dictionary.text_of(lane) == value;
      break;
    default:
      equal = lane == parse_number(value);
  }
  return equal ? "" : "has another value";
}

}  // namespace warpscore
