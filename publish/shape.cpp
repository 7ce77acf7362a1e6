#include "publish/shape.h"

namespace warpscore {

OutputShape shape_of(const Plan& plan) {
  OutputShape shape;
  shape.schema = &plan.schema();
  shape.dictionary = &plan.dictionary();
  shape.features = plan.features();
  shape.alerts = plan.alerts();
  shape.model_version = plan.model_version();
  shape.has_model = plan.has_model();
  shape.margin_is_float = plan.margin_is_float();
  shape.history_limited = plan.history_limited();
  return shape;
}

}  // namespace warpscore
