// The plan: what the configuration's features, model and alerts come to, checked and compiled.
//
// Owner   built once at start-up; engine, publish and check read it. It owns the loaded model.
// Errors  make_plan throws ConfigError with the place in the configuration and the mend.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/dictionary.h"
#include "base/schema.h"
#include "scoring/spec.h"

namespace warpscore {

struct FeatureColumn {
  std::string name;
  ColumnType type;
};

struct Alert {
  std::string name;
  std::string severity;
  std::string when;    // its text
  std::string reason;  // template; "" for `when`
  bool shadow = false;
};

struct PlanInput {
  Schema schema;
  std::vector<FeatureSpec> features;
  std::optional<ModelSpec> model;
  std::vector<AlertSpec> alerts;
  StateSpec state;
};

struct CompiledPlan;  // scoring/compiled_plan.h: what the engine needs

class Plan {
 public:
  // `dictionary` must outlive the plan: texts in expressions have their numbers there.
  Plan(PlanInput input, Dictionary& dictionary);
  ~Plan();
  Plan(Plan&&) noexcept;

  [[nodiscard]] const Schema& schema() const;
  [[nodiscard]] Dictionary& dictionary() const;
  [[nodiscard]] const std::vector<FeatureColumn>& features() const;  // in the order configured
  [[nodiscard]] const std::vector<Alert>& alerts() const;
  [[nodiscard]] bool has_model() const;
  [[nodiscard]] bool margin_is_float() const;              // a forest's; printed as float32
  [[nodiscard]] const std::string& model_version() const;  // "" without a model
  [[nodiscard]] bool history_limited() const;
  [[nodiscard]] const CompiledPlan& compiled() const { return *compiled_; }

 private:
  std::unique_ptr<CompiledPlan> compiled_;
};

}  // namespace warpscore
