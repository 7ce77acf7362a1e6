#include "tests/support/oracle.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/check.h"
#include "tests/support/wide.h"

namespace warpscore {
namespace {

constexpr __int128 kWholePast = -(static_cast<__int128>(1) << 100);

bool has_window(const std::string& op) {
  return op != "last" && op != "seconds_since_last" && op != "first_seen";
}

bool gives_double(const std::string& op) {
  return op == "mean" || op == "stddev" || op == "stddev_pop" || op == "seconds_since_last";
}

void replace_all(std::string& text, std::string_view what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), with);
    at += with.size();
  }
}

std::string name_of_column(const FeatureSpec& block, const std::string& op,
                           const WindowSpec* window) {
  std::string name = block.name.text;
  replace_all(name, "{op}", op);
  if (window == nullptr) return name;
  replace_all(name, "{window}", window->text);
  replace_all(name, "{days}", std::to_string(window->length_ms / 86'400'000));
  replace_all(name, "{hours}", std::to_string(window->length_ms / 3'600'000));
  replace_all(name, "{minutes}", std::to_string(window->length_ms / 60'000));
  return name;
}

std::pair<std::uint64_t, std::uint64_t> ordered(const Key& key) { return {key.high, key.low}; }

}  // namespace

Oracle::Oracle(const PlanInput& input, OracleTexts texts)
    : input_(input), texts_(std::move(texts)) {
  for (std::size_t block = 0; block < input_.features.size(); ++block) add_columns(block);
  add_tables();
  for (Table& table : tables_) measure(table);
}

void Oracle::add_columns(std::size_t block) {
  const FeatureSpec& spec = input_.features[block];
  if (!spec.expr.text.empty()) {
    WARPSCORE_CHECK(texts_.expressions.contains(spec.expr.text));
    columns_.push_back({block, "", nullptr, {}});
    names_.push_back(spec.name.text);
    return;
  }
  WARPSCORE_CHECK(spec.where.text.empty() || texts_.where.contains(spec.where.text));
  ColumnType value;
  if (const Field* field = input_.schema.find(spec.value.text)) value = field->column_type();
  for (const TextAt& op : spec.ops) {
    if (!has_window(op.text)) {
      columns_.push_back({block, op.text, nullptr, value});
      names_.push_back(name_of_column(spec, op.text, nullptr));
      continue;
    }
    for (const WindowSpec& window : spec.windows) {
      columns_.push_back({block, op.text, &window, value});
      names_.push_back(name_of_column(spec, op.text, &window));
    }
  }
}

void Oracle::add_tables() {
  for (const Field& field : input_.schema.fields) {
    if (field.type != FieldType::kKey) continue;
    const std::string previous = "previous(" + field.name + ")";
    const bool used =
        std::any_of(input_.features.begin(), input_.features.end(), [&](const FeatureSpec& block) {
          return block.key.text == field.name ||
                 block.expr.text.find(previous) != std::string::npos;
        });
    if (used) tables_.push_back({field.name, field.key_index, {}, {}, {}});
  }
}

void Oracle::measure(Table& table) {
  for (const FeatureSpec& block : input_.features) {
    if (block.key.text != table.name || block.windows.empty()) continue;
    for (const WindowSpec& window : block.windows)
      table.longest_ms = std::max(table.longest_ms.value_or(0), window.length_ms + block.delay_ms);
  }
  table.look_back_ms = 0;
  for (const FeatureSpec& block : input_.features) {
    const bool reads_previous =
        block.expr.text.find("previous(" + table.name + ")") != std::string::npos;
    if (block.key.text != table.name && !reads_previous) continue;
    const std::optional<std::int64_t> length = reach(block, table);
    if (!length) table.look_back_ms = std::nullopt;
    if (table.look_back_ms && length) table.look_back_ms = std::max(*table.look_back_ms, *length);
  }
}

// How far a block looks back from T; nothing: without end.
std::optional<std::int64_t> Oracle::reach(const FeatureSpec& block, const Table& table) const {
  std::int64_t most = 0;
  for (const WindowSpec& window : block.windows) most = std::max(most, window.length_ms);
  const bool windowless = !block.expr.text.empty() ||
                          std::any_of(block.ops.begin(), block.ops.end(),
                                      [](const TextAt& op) { return !has_window(op.text); });
  if (windowless) {
    const std::optional<std::int64_t> length = look_back(block, table);
    if (!length) return std::nullopt;
    most = std::max(most, *length);
  }
  return most + block.delay_ms;
}

Oracle::Table* Oracle::table_of(std::string_view key) {
  for (Table& table : tables_)
    if (table.name == key) return &table;
  return nullptr;
}

std::optional<std::int64_t> Oracle::look_back(const FeatureSpec& block, const Table& table) {
  return block.lookback_ms ? block.lookback_ms : table.longest_ms;
}

// The current one counts already when it looks for room; a refused one leaves no trace.
std::int64_t Oracle::newest_of_any(const Transaction& transaction) const {
  return applied_ == 0 ? transaction.time_ms : std::max(newest_ms_, transaction.time_ms);
}

bool Oracle::has_room(const Transaction& transaction) const {
  if (input_.state.keys_max == 0) return true;
  return std::all_of(tables_.begin(), tables_.end(), [&](const Table& table) {
    const Key& key = transaction.keys[table.key_index];
    return key.empty() || table.keys.contains(ordered(key)) ||
           table.keys.size() < input_.state.keys_max;
  });
}

// One full table makes all of them drop what is idle.
void Oracle::drop_idle(std::int64_t newest_ms) {
  for (Table& table : tables_) {
    if (!table.look_back_ms) continue;
    std::erase_if(table.keys, [&](const auto& entry) {
      return newest_ms - entry.second.newest_ms > *table.look_back_ms;
    });
  }
  for (std::size_t block = 0; block < input_.features.size(); ++block)
    if (!input_.features[block].same.empty()) drop_idle_combinations(block, newest_ms);
}

// A key and the values of `same` are dropped on their own, by the T at their last transaction and
// as far as the blocks with these fields look back.
void Oracle::drop_idle_combinations(std::size_t block, std::int64_t newest_ms) {
  const std::vector<std::size_t> same = same_fields(input_.features[block]);
  Table& table = *table_of(input_.features[block].key.text);
  std::int64_t furthest = 0;
  for (const FeatureSpec& other : input_.features) {
    if (other.key.text != table.name || same_fields(other) != same) continue;
    const std::optional<std::int64_t> length = reach(other, table);
    if (!length) return;
    furthest = std::max(furthest, *length);
  }
  for (auto& [key, history] : table.keys) {
    std::map<std::vector<Lane>, std::int64_t> last_used_ms;
    const auto values_of = [&](const Held& held) {
      std::vector<Lane> values;
      for (const std::size_t field : same) values.push_back(held.transaction.fields[field]);
      return values;
    };
    for (const Held& held : history.all) last_used_ms[values_of(held)] = held.clock_ms;
    for (Held& held : history.all)
      if (newest_ms - last_used_ms[values_of(held)] > furthest) held.gone_for.insert(block);
  }
}

std::vector<std::size_t> Oracle::same_fields(const FeatureSpec& block) const {
  std::set<std::size_t> fields;
  for (const TextAt& field : block.same) fields.insert(index_of(field.text));
  return {fields.begin(), fields.end()};
}

void Oracle::insert(Table& table, const Transaction& transaction) {
  const Key& key = transaction.keys[table.key_index];
  if (key.empty()) return;
  auto [entry, is_new] = table.keys.try_emplace(ordered(key));
  History& history = entry->second;
  history.newest_ms =
      is_new ? transaction.time_ms : std::max(history.newest_ms, transaction.time_ms);
  history.before = std::move(history.current);
  history.current = transaction;
  history.all.push_back({transaction, applied_, history.newest_ms, {}});
}

OracleResult Oracle::apply(const Transaction& transaction) {
  current_ = &transaction;
  ++counters_.transactions;
  OracleResult result;
  if (!has_room(transaction)) drop_idle(newest_of_any(transaction));
  result.refused = !has_room(transaction);
  if (result.refused) {
    ++counters_.refused;
    return result;
  }
  newest_ms_ = newest_of_any(transaction);
  ++applied_;
  bool late = false;
  for (Table& table : tables_) {
    const auto found = table.keys.find(ordered(transaction.keys[table.key_index]));
    late = late || (found != table.keys.end() && transaction.time_ms < found->second.newest_ms);
    insert(table, transaction);
  }
  if (late) ++counters_.late;
  for (const Column& column : columns_) {
    const FeatureSpec& block = input_.features[column.block];
    bool truncated = false;
    Lane lane = kMissing;
    if (column.op.empty()) {
      lane = texts_.expressions.at(block.expr.text)(OracleMoment(*this, block, result.features));
    } else {
      lane = feature(column, truncated);
    }
    result.features.push_back(lane);
    result.truncated.push_back(truncated);
  }
  return result;
}

Lane Oracle::feature(const Column& column, bool& truncated) {
  const Table& table = *table_of(input_.features[column.block].key.text);
  const auto found = table.keys.find(ordered(current_->keys[table.key_index]));
  if (found == table.keys.end()) return of_nothing(column.op);  // the transaction has no such key
  const History& history = found->second;
  const Interval covered = interval(column, table, history.newest_ms);
  std::vector<const Held*> group = same_group(column, history);
  const std::vector<const Held*> dropped = drop_oldest(group);
  // A window whose left edge lies before one that had to go is marked, whatever its right edge:
  // what the history no longer holds cannot be asked where it was.
  truncated = std::any_of(dropped.begin(), dropped.end(), [&](const Held* held) {
    return covered.is_after_left(held->transaction.time_ms);
  });
  std::vector<const Held*> rows = taking_part(column, group, covered);
  if (asks_remembered(column)) {
    const Interval always{kWholePast, -kWholePast, false};
    const auto before = taking_part(column, same_group(column, history), always);
    if (before.empty()) truncated = false;  // none that went can have been the one
    if (!before.empty() && covered.holds(before.back()->transaction.time_ms)) {
      rows = {before.back()};
      truncated = false;
    }
  }
  return aggregate(column, history, rows);
}

// The one applied last before the current one is remembered even if the history limit made it go.
bool Oracle::asks_remembered(const Column& column) const {
  const bool asks = column.op == "last" || column.op == "seconds_since_last";
  return asks && input_.features[column.block].delay_ms == 0;
}

std::vector<const Oracle::Held*> Oracle::same_group(const Column& column,
                                                    const History& history) const {
  std::vector<const Held*> group;
  const std::vector<std::size_t> same = same_fields(input_.features[column.block]);
  for (const Held& held : history.all) {
    if (held.gone_for.contains(column.block)) continue;
    const bool equal = std::all_of(same.begin(), same.end(), [&](std::size_t field) {
      return held.transaction.fields[field] == current_->fields[field];
    });
    if (equal) group.push_back(&held);
  }
  return group;
}

// Takes out what the history limit makes go. To hold the newest N after each transaction is to hold
// the newest N of all, for newer is a total order: by time, of equal ones the later applied.
std::vector<const Oracle::Held*> Oracle::drop_oldest(std::vector<const Held*>& group) const {
  const std::uint64_t limit = input_.state.history_max;
  if (limit == 0 || group.size() <= limit) return {};
  std::vector<const Held*> by_age = group;
  std::sort(by_age.begin(), by_age.end(), [](const Held* left, const Held* right) {
    return std::pair(left->transaction.time_ms, left->applied) <
           std::pair(right->transaction.time_ms, right->applied);
  });
  by_age.resize(by_age.size() - limit);
  std::erase_if(group, [&](const Held* held) {
    return std::find(by_age.begin(), by_age.end(), held) != by_age.end();
  });
  return by_age;
}

Oracle::Interval Oracle::interval(const Column& column, const Table& table,
                                  std::int64_t newest_ms) const {
  const FeatureSpec& block = input_.features[column.block];
  const __int128 right = static_cast<__int128>(newest_ms) - block.delay_ms;
  if (column.window != nullptr) return {right - column.window->length_ms, right, block.closed_both};
  const std::optional<std::int64_t> length = look_back(block, table);
  return {length ? right - *length : kWholePast, right, false};
}

std::vector<const Oracle::Held*> Oracle::taking_part(const Column& column,
                                                     const std::vector<const Held*>& group,
                                                     const Interval& covered) const {
  const FeatureSpec& block = input_.features[column.block];
  const bool only_before = column.op == "last" || column.op == "seconds_since_last";
  std::vector<const Held*> rows;
  for (const Held* held : group) {
    const Transaction& transaction = held->transaction;
    if (!covered.holds(transaction.time_ms)) continue;
    if (only_before && block.delay_ms == 0 && held->applied == applied_) continue;
    if (!block.where.text.empty() && !texts_.where.at(block.where.text)(transaction)) continue;
    if (!block.value.text.empty() && value_of(block, transaction) == kMissing) continue;
    rows.push_back(held);
  }
  return rows;
}

std::size_t Oracle::index_of(const std::string& name) const {
  for (std::size_t i = 0; i < input_.schema.fields.size(); ++i)
    if (input_.schema.fields[i].name == name) return i;
  WARPSCORE_CHECK(!"the schema has no such field");
  return 0;
}

Lane Oracle::value_of(const FeatureSpec& block, const Transaction& transaction) const {
  if (block.value.text == "label") return transaction.label;
  return transaction.fields[index_of(block.value.text)];
}

Lane Oracle::of_nothing(const std::string& op) {
  if (op == "count" || op == "sum" || op == "distinct") return 0;
  return gives_double(op) ? kMissingDouble : kMissing;
}

Lane Oracle::aggregate(const Column& column, const History& history,
                       const std::vector<const Held*>& rows) {
  const FeatureSpec& block = input_.features[column.block];
  const std::string& op = column.op;
  if (rows.empty()) return of_nothing(op);
  if (op == "count") return static_cast<Lane>(rows.size());
  const Held& last = *rows.back();  // in applied order, so the one applied last
  if (op == "last") return value_of(block, last.transaction);
  if (op == "seconds_since_last") {
    const std::int64_t ms = history.newest_ms - last.transaction.time_ms;
    return lane_of(static_cast<double>(ms) / 1000.0);
  }
  if (op == "first_seen") {
    std::int64_t least = rows.front()->transaction.time_ms;
    for (const Held* held : rows) least = std::min(least, held->transaction.time_ms);
    return least;
  }
  std::vector<Lane> values;
  for (const Held* held : rows) values.push_back(value_of(block, held->transaction));
  if (op == "distinct") return static_cast<Lane>(std::set(values.begin(), values.end()).size());
  if (op == "min") return *std::min_element(values.begin(), values.end());
  if (op == "max") return *std::max_element(values.begin(), values.end());
  return arithmetic(op, values, column.value.scale);
}

Lane Oracle::arithmetic(const std::string& op, const std::vector<Lane>& values, int scale) {
  __int128 sum = 0;
  Wide squares;
  for (const Lane value : values) {
    sum += value;
    squares = squares.plus(magnitude(value).times(magnitude(value)));
  }
  const auto n = static_cast<__int128>(values.size());
  __int128 units = 1;
  for (int i = 0; i < scale; ++i) units *= 10;
  // kMissing itself is no legal sum: base/lane.h keeps it for what is missing. Mean and deviation
  // are missing where their sum is.
  if (sum <= std::numeric_limits<std::int64_t>::min() ||
      sum > std::numeric_limits<std::int64_t>::max()) {
    ++counters_.sum_overflows;
    return op == "sum" ? kMissing : kMissingDouble;
  }
  if (op == "sum") return static_cast<Lane>(sum);
  if (op == "mean") return lane_of(nearest_double(sum) / nearest_double(n * units));
  const bool sample = op == "stddev";
  WARPSCORE_CHECK(sample || op == "stddev_pop");
  if (sample && n < 2) return kMissingDouble;
  const Wide numerator = magnitude(n).times(squares).minus(magnitude(sum).times(magnitude(sum)));
  const double denominator = nearest_double(n * (sample ? n - 1 : n));
  return lane_of(std::sqrt(numerator.to_double() / denominator) / nearest_double(units));
}

std::optional<bool> Oracle::apply_label(const Transaction& transaction, bool fraud) {
  bool found = false;
  bool needed = false;
  for (Table& table : tables_) {
    const auto entry = table.keys.find(ordered(transaction.keys[table.key_index]));
    if (entry == table.keys.end()) continue;
    for (Held& held : entry->second.all) {
      if (held.transaction.id_hash != transaction.id_hash) continue;
      if (held.transaction.time_ms != transaction.time_ms) continue;
      held.transaction.label = fraud ? 1 : 0;
      found = true;
      needed = needed || reads_label(table, transaction.time_ms, entry->second.newest_ms);
    }
  }
  if (found && !needed) return std::nullopt;
  return found;
}

// May a window that ends now or later and is over labels hold a transaction of that time?
bool Oracle::reads_label(const Table& table, std::int64_t time_ms, std::int64_t newest_ms) const {
  for (const FeatureSpec& block : input_.features) {
    if (block.key.text != table.name || block.value.text != "label") continue;
    const std::optional<std::int64_t> look = look_back(block, table);
    std::int64_t reach = block.windows.empty() ? look.value_or(0) : 0;
    if (block.windows.empty() && !look) return true;
    for (const WindowSpec& window : block.windows) reach = std::max(reach, window.length_ms);
    if (time_ms > newest_ms - block.delay_ms - reach) return true;
  }
  return false;
}

Lane OracleMoment::feature(std::string_view name) const {
  for (std::size_t i = 0; i < features_.size(); ++i)
    if (oracle_.names_[i] == name) return features_[i];
  WARPSCORE_CHECK(!"no feature of that name is configured before this expression");
  return kMissing;
}

const Transaction* OracleMoment::previous(std::string_view key) const {
  const Oracle::Table& table = *oracle_.table_of(key);
  const auto found = table.keys.find(ordered(oracle_.current_->keys[table.key_index]));
  if (found == table.keys.end() || !found->second.before) return nullptr;
  const Oracle::History& history = found->second;
  const std::optional<std::int64_t> length = Oracle::look_back(block_, table);
  const Transaction& before = *history.before;
  if (length && before.time_ms <= static_cast<__int128>(history.newest_ms) - *length)
    return nullptr;
  return &before;
}

}  // namespace warpscore
