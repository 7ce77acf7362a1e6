// Turns specs into a CompiledPlan: names, tables and queries, expressions in order of need.
//
// Thread  start-up only. Errors: ConfigError with the place and the mend.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scoring/compiled_plan.h"
#include "scoring/expression.h"
#include "scoring/table_builder.h"

namespace warpscore {

class PlanBuilder {
 public:
  PlanBuilder(const PlanInput& input, CompiledPlan& plan);
  void build();  // all but the model, which plan_model.h adds

 private:
  // What an expression may name; see ScopeOf in plan_builder.cpp.
  struct ScopeRules {
    bool features = false;
    bool previous = false;
    bool score = false;
    bool label = false;
    std::optional<std::int64_t> lookback;
  };
  class ScopeOf;

  // One column of a block with `key`: op and window filled in.
  struct Request {
    const FeatureSpec* spec;
    const TextAt* op;
    const WindowSpec* window;  // nullptr: an operation without one
    std::string name;
  };

  std::uint32_t add_column(ColumnKind kind, std::uint32_t index, ColumnType type);
  void add_fields();
  void find_lookbacks();
  void declare_features();
  void declare_block(const FeatureSpec& spec);
  void declare(const std::string& name, const Place& place);
  void compile_step(std::uint32_t feature);
  void compile_alerts();
  void finish_tables();

  std::uint32_t key_field_of(const TextAt& key) const;
  TableBuilder& table_of(const FeatureSpec& spec);
  TableBuilder& table_for(std::uint32_t key_field, const std::vector<std::uint32_t>& same);
  Member member_of(const FeatureSpec& spec, bool with_value);
  void check_label_use(const FeatureSpec& spec) const;
  std::uint32_t add_request(const Request& request);
  ColumnType type_of(const Request& request, const Member& member) const;
  void fill_query(const Request& request, const Member& member, TableBuilder& table, Query& query);
  void set_edges(const Request& request, TableBuilder& table, Query& query);
  std::uint32_t previous_column(std::uint32_t key_field, std::uint32_t value, ColumnType type,
                                std::optional<std::int64_t> lookback);
  std::optional<std::int64_t> lookback_of(std::uint32_t key_field,
                                          const std::optional<std::int64_t>& given) const;
  Program compile(const TextAt& text, const ScopeRules& rules);

  const PlanInput& input_;
  CompiledPlan& plan_;
  std::vector<std::unique_ptr<TableBuilder>> tables_;
  std::vector<std::optional<std::int64_t>> key_lookback_;  // by key field: longest window + delay
  std::map<std::string, std::uint32_t> selector_of_;       // text of `where`
  std::vector<bool> selector_uses_label_;
  // By feature: its expression, or nullptr; and how far compiling it has come.
  std::vector<Place> places_;  // of each feature's name
  std::vector<const FeatureSpec*> expressions_;
  enum class Progress : std::uint8_t { kWaiting, kRunning, kDone };
  std::vector<Progress> progress_;
  std::map<std::string, std::uint32_t, std::less<>> feature_of_;
  std::map<std::vector<std::int64_t>, std::uint32_t> previous_of_;
};

}  // namespace warpscore
