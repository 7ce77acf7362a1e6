// [input], [input.fields] and [labels]: what a transaction of this deployment consists of.
#include <algorithm>
#include <array>
#include <charconv>

#include "service/config_parts.h"

namespace warpscore {
namespace {

constexpr std::size_t kMaxFields = 64;
constexpr std::int32_t kMaxPartition = 1'000'000;

// CEL's own words, the names and functions that expressions know, and the variables of scores.
constexpr std::array<std::string_view, 33> kReservedWords = {
    "true",     "false",   "null",      "in",       "as",        "break",  "const",
    "continue", "else",    "for",       "function", "if",        "import", "let",
    "loop",     "package", "namespace", "return",   "var",       "void",   "while",
    "has",      "int",     "double",    "duration", "timestamp", "minor",  "previous",
    "time",     "id",      "score",     "margin",   "label"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

FieldType field_type(std::string_view name) {
  if (name == "key") return FieldType::kKey;
  if (name == "decimal") return FieldType::kDecimal;
  if (name == "enum") return FieldType::kEnum;
  if (name == "boolean") return FieldType::kBool;
  return FieldType::kInteger;
}

// "tx_id" or { field = "tx_id" }.
std::string source_of(const Node* entry) {
  if (entry == nullptr) return {};
  return entry->kind == Node::Kind::kText ? entry->text : text_of(find(entry, "field"));
}

TimeFormat time_format(const Node* entry) {
  const std::string type = text_of(find(entry, "type"));
  if (type == "epoch_s") return TimeFormat::kEpochSeconds;
  if (type == "rfc3339") return TimeFormat::kRfc3339;
  return TimeFormat::kEpochMs;
}

// Options that would be read by nobody are mistakes, not decoration.
void refuse_option(const Node* entry, std::string_view option, bool fits, std::string_view type,
                   Findings& findings) {
  const Node* node = find(entry, option);
  if (node == nullptr || fits) return;
  findings.error(node->key, "only a field of type \"" + std::string(type) + "\" has it",
                 "leave it out");
}

void read_field(const Node& entry, Schema& schema, Findings& findings) {
  if (const std::string why = refuse_identifier(entry.name); !why.empty())
    findings.error(
        entry.key, "\"" + entry.name + "\" cannot name a field: " + why,
        "choose another name; field = \"" + entry.name + "\" says what it is called in the input");
  Field field;
  field.name = entry.name;
  field.source = source_of(&entry);
  if (field.source.empty()) field.source = entry.name;
  field.type = field_type(text_of(find(&entry, "type")));
  field.optional = boolean_or(find(&entry, "optional"), false);
  field.masked = boolean_or(find(&entry, "masked"), false);
  field.scale = static_cast<std::uint8_t>(integer_or(find(&entry, "scale"), 0));
  field.enum_max = static_cast<std::uint32_t>(integer_or(find(&entry, "max"), 0));
  if (field.type == FieldType::kKey) field.key_index = schema.key_count++;

  const bool typed = find(&entry, "type") != nullptr;
  refuse_option(&entry, "masked", !typed || field.type == FieldType::kKey, "key", findings);
  refuse_option(&entry, "scale", !typed || field.type == FieldType::kDecimal, "decimal", findings);
  refuse_option(&entry, "max", !typed || field.type == FieldType::kEnum, "enum", findings);
  const bool has_scale = std::any_of(entry.items.begin(), entry.items.end(),
                                     [](const Node& item) { return item.name == "scale"; });
  if (field.type == FieldType::kDecimal && !has_scale) {
    Place place = entry.place;
    place.key += ".scale";
    findings.error(place, "is missing", "add scale = 2 for two digits after the point (0 to 6)");
  }
  schema.fields.push_back(std::move(field));
}

void read_fields(const Node* fields, Schema& schema, Findings& findings) {
  if (fields == nullptr) return;
  schema.id_source = source_of(find(fields, "id"));
  schema.time_source = source_of(find(fields, "time"));
  schema.time_format = time_format(find(fields, "time"));
  for (const Node& entry : fields->items)
    if (entry.kind == Node::Kind::kTable && entry.name != "id" && entry.name != "time")
      read_field(entry, schema, findings);
  if (schema.fields.size() > kMaxFields)
    findings.error(fields->place,
                   "holds " + std::to_string(schema.fields.size()) + " fields, at most " +
                       std::to_string(kMaxFields) + " can be",
                   "leave out those that no feature and no alert uses");
}

void read_labels(const Node* labels, Schema& schema, Findings& findings) {
  if (labels == nullptr) return;
  const Node* field = find(labels, "field");
  const Node* topic = find(labels, "topic");
  check_topic(topic, findings);
  if (field != nullptr) {
    for (const std::string_view other : {"topic", "id", "value"})
      if (const Node* node = find(labels, other))
        findings.error(node->key, "labels come from a field or from a topic, not from both",
                       "keep field, or topic with id and value");
  } else if (topic != nullptr) {
    for (const std::string other : {"id", "value"})
      if (find(labels, other) == nullptr)
        findings.error({labels->place.line, labels->place.column, "labels." + other}, "is missing",
                       "name the label's member: " + other + " = \"...\"");
  } else if (labels->items.empty() || find(labels, "id") != nullptr ||
             find(labels, "value") != nullptr) {
    findings.error(labels->place, "says neither field nor topic",
                   "add field = \"...\" for a column of the input, or topic, id and value");
  }
  schema.labels = LabelSource{text_of(field), text_of(topic), text_of(find(labels, "id")),
                              text_of(find(labels, "value"))};
}

bool take_number(std::string_view& text, std::int32_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0 || number > kMaxPartition) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// "0-15" or "0-3,8,10-11": ascending and apart.
bool parse_partitions(std::string_view text, std::vector<PartitionRange>& partitions) {
  while (true) {
    PartitionRange range;
    if (!take_number(text, range.first)) return false;
    range.last = range.first;
    if (text.starts_with('-')) {
      text.remove_prefix(1);
      if (!take_number(text, range.last)) return false;
    }
    if (range.last < range.first) return false;
    if (!partitions.empty() && range.first <= partitions.back().last) return false;
    partitions.push_back(range);
    if (text.empty()) return true;
    if (!text.starts_with(',')) return false;
    text.remove_prefix(1);
  }
}

}  // namespace

std::string refuse_identifier(std::string_view name) {
  if (name.empty() || !is_letter(name[0]) || !std::all_of(name.begin(), name.end(), [](char c) {
        return is_letter(c) || (c >= '0' && c <= '9');
      }))
    return "a name is letters, digits and \"_\", no digit first";
  if (std::find(kReservedWords.begin(), kReservedWords.end(), name) != kReservedWords.end())
    return "expressions use this word";
  return {};
}

void read_input(PartSource source, InputConfig& input) {
  Findings& findings = source.findings;
  const Node* table = find(&source.root, "input");
  check_topic(find(table, "topic"), findings);
  input.topic = text_of(find(table, "topic"));
  input.group = text_of(find(table, "group"));
  if (text_of(find(table, "format")) == "csv") input.format = InputFormat::kCsv;
  input.max_future_skew_ms = duration_or(find(table, "max_future_skew"), input.max_future_skew_ms);
  if (const Node* partitions = find(table, "partitions"))
    if (!parse_partitions(partitions->text, input.partitions))
      findings.error(partitions->place,
                     "\"" + partitions->text + "\" names no partitions in ascending order",
                     "write for example \"0-15\" or \"0-3,8,10-11\"");
  read_fields(find(table, "fields"), input.schema, findings);
  read_labels(find(&source.root, "labels"), input.schema, findings);
}

}  // namespace warpscore
