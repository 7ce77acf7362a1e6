// Names of features, and what kind of operation each op is.
//
// Errors  ConfigError for an unknown placeholder.
#pragma once

#include <string>
#include <string_view>

#include "kernels/table_plan.h"
#include "scoring/spec.h"

namespace warpscore {

[[nodiscard]] bool is_windowless(std::string_view op);
[[nodiscard]] QueryOp query_op(const TextAt& op);
// `name` with {op}, {window}, {days}, {hours} and {minutes} filled in; window may be nullptr.
[[nodiscard]] std::string feature_name(const TextAt& name, const std::string& op,
                                       const WindowSpec* window);

}  // namespace warpscore
