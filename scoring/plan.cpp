#include "scoring/plan.h"

#include <utility>

#include "scoring/compiled_plan.h"
#include "scoring/plan_builder.h"
#include "scoring/plan_model.h"

namespace warpscore {

Plan::Plan(PlanInput input, Dictionary& dictionary) : compiled_(std::make_unique<CompiledPlan>()) {
  compiled_->schema = input.schema;
  compiled_->dictionary = &dictionary;
  compiled_->state = input.state;
  compiled_->labels_come_later = input.schema.labels && !input.schema.label_in_input();
  PlanBuilder(input, *compiled_).build();
  if (input.model) add_model(*input.model, *compiled_);
}

Plan::~Plan() = default;
Plan::Plan(Plan&&) noexcept = default;

const Schema& Plan::schema() const { return compiled_->schema; }
Dictionary& Plan::dictionary() const { return *compiled_->dictionary; }
const std::vector<FeatureColumn>& Plan::features() const { return compiled_->features; }
const std::vector<Alert>& Plan::alerts() const { return compiled_->alerts; }
bool Plan::has_model() const { return compiled_->model.has_value(); }
bool Plan::margin_is_float() const {
  return compiled_->model && compiled_->model->kind == ModelKind::kForest;
}
const std::string& Plan::model_version() const {
  static const std::string kNoModel;
  return compiled_->model ? compiled_->model->version : kNoModel;
}
bool Plan::history_limited() const { return compiled_->state.history_max > 0; }

}  // namespace warpscore
