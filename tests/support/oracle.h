// docs/semantics.md as slow code: keeps every key's transactions as a plain list and computes each
// feature by filtering that list. Shares nothing with kernels/ or scoring/*.cpp.
//
// Units   as base/lane.h.
// Owner   the oracle copies what it is given. Texts of `where` and `expr` are not parsed: a
// function
//         that means the same stands beside each.
// Order   apply and apply_label in the order in which the engine is to apply them.
// Errors  a text without a function, or a name that the schema lacks, ends the test.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/key.h"
#include "base/lane.h"
#include "scoring/plan.h"

namespace warpscore {

struct Transaction {
  std::uint64_t id_hash = 0;
  std::int64_t time_ms = 0;
  std::vector<Key> keys;     // by Field::key_index; an empty one is missing
  std::vector<Lane> fields;  // in the order of the schema
  Lane label = kMissing;
};

class OracleMoment;
using OracleWhere = std::function<bool(const Transaction&)>;
using OracleExpression = std::function<Lane(const OracleMoment&)>;

struct OracleTexts {
  std::map<std::string, OracleWhere> where;
  std::map<std::string, OracleExpression> expressions;
};

struct OracleResult {
  bool refused = false;
  std::vector<Lane> features;
  std::vector<bool> truncated;
};

struct OracleCounters {
  std::uint64_t transactions = 0;
  std::uint64_t late = 0;
  std::uint64_t sum_overflows = 0;  // those of expressions are not known here
  std::uint64_t refused = 0;
};

class Oracle {
 public:
  Oracle(const PlanInput& input, OracleTexts texts);
  Oracle(const Oracle&) = delete;
  Oracle& operator=(const Oracle&) = delete;

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  OracleResult apply(const Transaction& transaction);
  // Whether the transaction was found; nothing where no feature can see it any more, so that an
  // engine may as well have forgotten it.
  std::optional<bool> apply_label(const Transaction& transaction, bool fraud);
  [[nodiscard]] const OracleCounters& counters() const { return counters_; }

 private:
  friend class OracleMoment;

  struct Held {
    Transaction transaction;
    std::uint64_t applied = 0;  // the how-manieth transaction of all
    std::int64_t clock_ms = 0;  // T of its key when it was applied
    std::set<std::size_t>
        gone_for;  // blocks with `same` that forgot it, its combination being idle
  };
  struct History {
    std::vector<Held> all;               // in applied order
    std::optional<Transaction> before;   // applied to the key just before ...
    std::optional<Transaction> current;  // ... this one
    std::int64_t newest_ms = 0;          // T
  };
  struct Table {  // one per key field that a feature reads
    std::string name;
    std::uint32_t key_index = 0;
    std::optional<std::int64_t> longest_ms;    // window + delay of its features; nothing: no window
    std::optional<std::int64_t> look_back_ms;  // of anything; nothing: the whole past
    std::map<std::pair<std::uint64_t, std::uint64_t>, History> keys;
  };
  struct Column {
    std::size_t block = 0;  // of input_.features
    std::string op;         // "" for an expression
    const WindowSpec* window = nullptr;
    ColumnType value;  // of the field; unused without one
  };
  struct Interval {
    __int128 left = 0;  // out, unless closed
    __int128 right = 0;
    bool closed = false;
    [[nodiscard]] bool is_after_left(std::int64_t time_ms) const {
      return closed ? left <= time_ms : left < time_ms;
    }
    [[nodiscard]] bool holds(std::int64_t time_ms) const {
      return is_after_left(time_ms) && time_ms <= right;
    }
  };

  void add_columns(std::size_t block);
  void add_tables();
  void measure(Table& table);
  Table* table_of(std::string_view key);
  [[nodiscard]] std::size_t index_of(const std::string& name) const;
  [[nodiscard]] std::vector<std::size_t> same_fields(const FeatureSpec& block) const;
  [[nodiscard]] static std::optional<std::int64_t> look_back(const FeatureSpec& block,
                                                             const Table& table);
  [[nodiscard]] std::int64_t newest_of_any(const Transaction& transaction) const;
  [[nodiscard]] bool has_room(const Transaction& transaction) const;
  void drop_idle(std::int64_t newest_ms);
  void drop_idle_combinations(std::size_t block, std::int64_t newest_ms);
  [[nodiscard]] std::optional<std::int64_t> reach(const FeatureSpec& block,
                                                  const Table& table) const;
  void insert(Table& table, const Transaction& transaction);
  [[nodiscard]] Lane feature(const Column& column, bool& truncated);
  [[nodiscard]] Interval interval(const Column& column, const Table& table,
                                  std::int64_t newest_ms) const;
  [[nodiscard]] std::vector<const Held*> same_group(const Column& column,
                                                    const History& history) const;
  [[nodiscard]] std::vector<const Held*> drop_oldest(std::vector<const Held*>& group) const;
  [[nodiscard]] std::vector<const Held*> taking_part(const Column& column,
                                                     const std::vector<const Held*>& group,
                                                     const Interval& covered) const;
  [[nodiscard]] bool asks_remembered(const Column& column) const;
  [[nodiscard]] bool reads_label(const Table& table, std::int64_t time_ms,
                                 std::int64_t newest_ms) const;
  [[nodiscard]] Lane value_of(const FeatureSpec& block, const Transaction& transaction) const;
  [[nodiscard]] Lane aggregate(const Column& column, const History& history,
                               const std::vector<const Held*>& rows);
  [[nodiscard]] Lane arithmetic(const std::string& op, const std::vector<Lane>& values, int scale);
  [[nodiscard]] static Lane of_nothing(const std::string& op);

  PlanInput input_;
  OracleTexts texts_;
  std::vector<Column> columns_;
  std::vector<std::string> names_;
  std::vector<Table> tables_;
  std::uint64_t applied_ = 0;
  std::int64_t newest_ms_ = 0;  // of any applied transaction
  const Transaction* current_ = nullptr;
  OracleCounters counters_;
};

// What an expression may read.
class OracleMoment {
 public:
  OracleMoment(Oracle& oracle, const FeatureSpec& block, const std::vector<Lane>& features)
      : oracle_(oracle), block_(block), features_(features) {}
  [[nodiscard]] const Transaction& transaction() const { return *oracle_.current_; }
  [[nodiscard]] Lane feature(std::string_view name) const;                // one configured earlier
  [[nodiscard]] const Transaction* previous(std::string_view key) const;  // nullptr: missing

 private:
  Oracle& oracle_;
  const FeatureSpec& block_;
  const std::vector<Lane>& features_;
};

}  // namespace warpscore
