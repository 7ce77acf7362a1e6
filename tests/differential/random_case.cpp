#include "tests/differential/random_case.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "tests/support/cases.h"

namespace warpscore {
namespace {

constexpr std::int64_t kGridMs = 3'600'000;

// Where the fields stand in the schema below.
enum FieldIndex : std::uint32_t {
  kCustomer,
  kTerminal,
  kMerchant,
  kAmount,
  kPoints,
  kCountry,
  kHome,
  kOnline,
  kFieldCount
};

Field field_of(const std::string& name, FieldType type, bool optional) {
  Field field;
  field.name = field.source = name;
  field.type = type;
  field.optional = optional;
  return field;
}

WindowSpec window_of(const std::string& text) { return {text, parse_case_time(text), {}}; }

TextAt text_at(const std::string& text) { return {text, {}}; }

bool both_present(const Transaction& row, FieldIndex left, FieldIndex right) {
  return row.fields[left] != kMissing && row.fields[right] != kMissing;
}

std::vector<TextAt> random_ops(Random& random, const std::vector<std::string>& of) {
  std::vector<TextAt> ops;
  for (const std::string& op : of)
    if (random.percent(50)) ops.push_back(text_at(op));
  if (ops.empty()) ops.push_back(text_at(random.one_of(of)));
  return ops;
}

// Which operations take which values: of "" (no value), numbers, and the rest.
std::vector<std::string> ops_for(const std::string& value, bool windows) {
  if (!windows) {
    // A key's text is not kept: there is no last one.
    const bool no_last = value.empty() || value == "terminal" || value == "merchant";
    if (no_last) return {"seconds_since_last", "first_seen"};
    return {"last", "seconds_since_last", "first_seen"};
  }
  if (value.empty()) return {"count"};
  if (value == "amount" || value == "points")
    return {"count", "sum", "mean", "min", "max", "stddev", "stddev_pop"};
  if (value == "label" || value == "online")
    return {"count", "sum", "mean", "min", "max", "stddev", "stddev_pop"};
  return {"count", "distinct"};
}

FeatureSpec random_block(Random& random, std::size_t number, LabelsFrom labels) {
  FeatureSpec block;
  const bool windows = random.percent(80);
  block.name = text_at("f" + std::to_string(number) + (windows ? "_{op}_{window}" : "_{op}"));
  block.key = text_at(random.one_of<std::string>({"customer", "customer", "terminal", "merchant"}));
  std::vector<std::string> values = {"",     "amount", "amount",   "points",  "country",
                                     "home", "online", "terminal", "merchant"};
  if (labels != LabelsFrom::kNowhere) values.insert(values.end(), 3, "label");
  block.value = text_at(random.one_of(values));
  block.ops = random_ops(random, ops_for(block.value.text, windows));
  if (random.percent(35)) block.delay_ms = kGridMs * (1 + random.below(4));
  if (block.value.text == "label" && block.delay_ms == 0) block.delay_ms = kGridMs;
  if (windows) {
    std::vector<std::string> lengths = {"1h", "2h", "5h", "24h", "1ms"};
    for (std::uint32_t i = 0, count = 1 + random.below(3); i < count; ++i) {
      const std::uint32_t pick = random.below(static_cast<std::uint32_t>(lengths.size()));
      block.windows.push_back(window_of(lengths[pick]));
      lengths.erase(lengths.begin() + pick);
    }
    block.closed_both = random.percent(25);
  } else if (random.percent(50)) {
    block.lookback_ms = kGridMs * (1 + random.below(30));
  }
  if (random.percent(30)) {
    block.where =
        text_at(random.one_of<std::string>({"amount > 0.00", "country == \"NL\"", "country != home",
                                            "online", "has(points) && !(amount < 10.00)"}));
  }
  if (labels == LabelsFrom::kInput && block.delay_ms > 0 && random.percent(20))
    block.where = text_at("label == 1");
  // Labels that come later find their transactions by key alone: the plan refuses `same` for them.
  const bool later_label = block.value.text == "label" && labels == LabelsFrom::kTopic;
  if (!later_label && random.percent(30)) {
    block.same.push_back(text_at(random.one_of<std::string>({"country", "terminal", "online"})));
    if (random.percent(40))
      block.same.push_back(text_at(random.one_of<std::string>({"home", "merchant"})));
  }
  return block;
}

FeatureSpec expression_block(const std::string& name, const std::string& text) {
  FeatureSpec block;
  block.name = text_at(name);
  block.expr = text_at(text);
  return block;
}

std::string key_text(const std::string& field, std::uint32_t number) {
  const std::string digits = std::to_string(number);
  switch (number % 3) {
    case 0:
      return field.substr(0, 1) + digits;  // exact in a fingerprint
    case 1:
      return field + "-" + digits;  // exact in a key
    default:
      return field + "-with-a-long-name-" + digits;  // hashed
  }
}

Lane random_amount(Random& random) { return static_cast<Lane>(random.below(5000)) - 1000; }

Lane random_points(Random& random, std::uint32_t extreme_percent) {
  if (!random.percent(extreme_percent)) return static_cast<Lane>(random.below(2000)) - 1000;
  const Lane near = std::numeric_limits<Lane>::max() - random.below(3);
  return random.percent(50) ? near : -near;
}

Transaction random_transaction(Random& random, const Schema& schema, const TrafficShape& shape,
                               LabelsFrom labels, Dictionary& dictionary) {
  static const std::vector<std::string> kCountries = {"NL", "DE", "BE", "a country of long name"};
  Transaction transaction;
  transaction.keys.resize(schema.key_count);
  transaction.fields.resize(schema.fields.size(), kMissing);
  for (std::uint32_t i = 0; i < schema.fields.size(); ++i) {
    const Field& field = schema.fields[i];
    if (field.optional && random.percent(shape.missing_percent)) continue;
    Lane& lane = transaction.fields[i];
    if (field.type == FieldType::kKey) {
      const std::uint32_t number = random.percent(shape.hot_percent) ? 0 : random.below(shape.keys);
      transaction.keys[field.key_index] = key_of(key_text(field.name, number));
      lane = fingerprint_of(transaction.keys[field.key_index]);
    } else if (field.type == FieldType::kDecimal) {
      lane = random_amount(random);
    } else if (field.type == FieldType::kInteger) {
      lane = random_points(random, shape.extreme_percent);
    } else if (field.type == FieldType::kEnum) {
      lane = dictionary.number_of(random.one_of(kCountries));
    } else {
      lane = random.percent(50) ? 1 : 0;
    }
  }
  if (labels == LabelsFrom::kInput && random.percent(80))
    transaction.label = random.percent(30) ? 1 : 0;
  return transaction;
}

Step verdict_on(Random& random, const Transaction& transaction) {
  Step step;
  step.is_label = true;
  step.fraud = random.percent(50);
  step.transaction = transaction;
  if (random.percent(10)) step.transaction.id_hash ^= 1;  // an id that no transaction has
  return step;
}

}  // namespace

Schema random_case_schema(LabelsFrom labels) {
  Schema schema;
  schema.fields = {
      field_of("customer", FieldType::kKey, false),  field_of("terminal", FieldType::kKey, false),
      field_of("merchant", FieldType::kKey, true),   field_of("amount", FieldType::kDecimal, true),
      field_of("points", FieldType::kInteger, true), field_of("country", FieldType::kEnum, false),
      field_of("home", FieldType::kEnum, true),      field_of("online", FieldType::kBool, true)};
  WARPSCORE_CHECK(schema.fields.size() == kFieldCount);
  schema.fields[kAmount].scale = 2;
  for (Field& field : schema.fields)
    if (field.type == FieldType::kKey) field.key_index = schema.key_count++;
  if (labels == LabelsFrom::kInput) schema.labels = LabelSource{"fraud", "", "", ""};
  if (labels == LabelsFrom::kTopic) schema.labels = LabelSource{"", "labels", "id", "fraud"};
  return schema;
}

OracleTexts random_case_texts(Dictionary& dictionary) {
  const Lane netherlands = dictionary.number_of("NL");
  OracleTexts texts;
  texts.where["amount > 0.00"] = [](const Transaction& row) {
    return row.fields[kAmount] != kMissing && row.fields[kAmount] > 0;
  };
  texts.where["country == \"NL\""] = [netherlands](const Transaction& row) {
    return row.fields[kCountry] == netherlands;
  };
  texts.where["country != home"] = [](const Transaction& row) {
    return both_present(row, kCountry, kHome) && row.fields[kCountry] != row.fields[kHome];
  };
  texts.where["label == 1"] = [](const Transaction& row) { return row.label == 1; };
  texts.where["online"] = [](const Transaction& row) { return row.fields[kOnline] == 1; };
  texts.where["has(points) && !(amount < 10.00)"] = [](const Transaction& row) {
    const bool less = row.fields[kAmount] != kMissing && row.fields[kAmount] < 1000;
    return row.fields[kPoints] != kMissing && !less;
  };
  texts.expressions["amount - previous(customer).amount"] = [](const OracleMoment& moment) {
    const Transaction* const before = moment.previous("customer");
    if (before == nullptr || before->fields[kAmount] == kMissing) return kMissing;
    if (moment.transaction().fields[kAmount] == kMissing) return kMissing;
    return moment.transaction().fields[kAmount] - before->fields[kAmount];
  };
  texts.expressions["previous(terminal).country != country"] = [](const OracleMoment& moment) {
    const Transaction* const before = moment.previous("terminal");
    return Lane{before != nullptr &&
                before->fields[kCountry] != moment.transaction().fields[kCountry]};
  };
  texts.expressions["time - previous(customer).time < duration(\"2h\")"] =
      [](const OracleMoment& moment) {
        const Transaction* const before = moment.previous("customer");
        return Lane{before != nullptr &&
                    moment.transaction().time_ms - before->time_ms < 2 * kGridMs};
      };
  return texts;
}

std::vector<Step> random_steps(Random& random, const Schema& schema, const TrafficShape& shape,
                               LabelsFrom labels, Dictionary& dictionary) {
  std::vector<Step> steps;
  std::vector<Transaction> unlabelled;
  std::int64_t clock = kCaseStartMs;
  for (std::uint32_t i = 0; i < shape.transactions; ++i) {
    if (!random.percent(shape.tie_percent)) clock += kGridMs * random.below(shape.step_max + 1);
    Step step;
    step.transaction = random_transaction(random, schema, shape, labels, dictionary);
    step.transaction.id_hash = id_hash_of(random.next());
    step.transaction.time_ms = clock;
    if (random.percent(shape.late_percent))
      step.transaction.time_ms -= kGridMs * (1 + random.below(30));
    if (random.percent(12)) step.transaction.time_ms += random.percent(50) ? 1 : -1;
    steps.push_back(step);
    if (labels != LabelsFrom::kTopic) continue;
    unlabelled.push_back(step.transaction);
    if (!random.percent(20)) continue;
    const std::uint32_t pick = random.below(static_cast<std::uint32_t>(unlabelled.size()));
    steps.push_back(verdict_on(random, unlabelled[pick]));
  }
  return steps;
}

RandomCase make_random_case(std::uint64_t seed, Dictionary& dictionary) {
  Random random(seed);
  const auto labels = static_cast<LabelsFrom>(random.below(3));
  RandomCase result;
  result.input.schema = random_case_schema(labels);
  result.texts = random_case_texts(dictionary);
  for (std::size_t i = 0, count = 1 + random.below(8); i < count; ++i)
    result.input.features.push_back(random_block(random, i, labels));
  std::size_t number = 0;
  for (const auto& [text, meaning] : result.texts.expressions) {
    if (!random.percent(30)) continue;
    result.input.features.push_back(expression_block("e" + std::to_string(number++), text));
    if (random.percent(30)) result.input.features.back().lookback_ms = kGridMs * 3;
  }
  TrafficShape shape;
  shape.transactions = 50 + random.below(200);
  shape.keys = random.one_of<std::uint32_t>({1, 3, 10, 300});
  shape.hot_percent = random.one_of<std::uint32_t>({0, 30, 100});
  shape.late_percent = random.one_of<std::uint32_t>({0, 5, 30});
  shape.missing_percent = random.one_of<std::uint32_t>({0, 15, 60});
  shape.extreme_percent = random.one_of<std::uint32_t>({0, 0, 30, 100});
  shape.step_max = random.one_of<std::uint32_t>({1, 3, 40});
  shape.tie_percent = random.one_of<std::uint32_t>({0, 0, 50, 95});
  if (random.percent(25)) result.input.state.history_max = 2 + random.below(12);
  result.steps = random_steps(random, result.input.schema, shape, labels, dictionary);
  return result;
}

std::vector<FeatureSpec> every_feature(LabelsFrom labels) {
  Random random(7);
  std::vector<FeatureSpec> blocks;
  for (std::size_t i = 0; i < 40; ++i) blocks.push_back(random_block(random, i, labels));
  blocks.push_back(expression_block("e0", "amount - previous(customer).amount"));
  blocks.push_back(expression_block("e1", "previous(terminal).country != country"));
  return blocks;
}

std::function<std::uint32_t()> random_batches(Random& random, std::uint32_t batch_max) {
  return [&random, batch_max] {
    const std::uint32_t kind = random.below(4);
    if (kind == 0) return 1U;
    if (kind == 1) return 1 + random.below(batch_max);
    return 1 + random.below(std::min(batch_max, 40U));
  };
}

}  // namespace warpscore
