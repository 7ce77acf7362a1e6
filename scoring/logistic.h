// Logistic regression: z = sum over features in order of (x - mean) / scale * coef, then +
// intercept.
//
// Units   all double; a missing feature is NaN and makes z NaN, that is: no score.
// Order   one fixed order and no contraction: the same bits on host and device.
// Layout  the input is columns: columns[f][row].
// Owner   Logistic owns its numbers and never changes.
// Thread  any number of threads may call margins().
// Errors  read_logistic: DocumentError with the place in the document.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/host_device.h"

namespace warpscore {

struct Value;

// Plain pointers, to host or to device memory, `feature_count` doubles each.
struct LogisticView {
  const double* mean;
  const double* scale;
  const double* coef;
  std::uint32_t feature_count;
  double intercept;
};

// The margin of one row; `row(f)` gives feature f as double.
template <class Row>
WARPSCORE_HD inline double logistic_margin(const LogisticView& model, const Row& row) {
  double z = 0.0;
  for (std::uint32_t f = 0; f < model.feature_count; ++f) {
    z = z + (row(f) - model.mean[f]) / model.scale[f] * model.coef[f];
  }
  return z + model.intercept;
}

struct Logistic {
  std::vector<double> mean;   // 0 where the file has none
  std::vector<double> scale;  // 1 where the file has none; never 0
  std::vector<double> coef;
  double intercept = 0.0;

  LogisticView view() const;
  // out[row] = z of row. `columns` are coef.size() pointers to `rows` doubles each.
  void margins(const double* const* columns, std::size_t rows, double* out) const;
};

// The JSON {features, mean, scale, coef, intercept}; mean and scale may be missing, and so may the
// names. `feature_names` receives them.
Logistic read_logistic(const Value& document, std::vector<std::string>& feature_names);

}  // namespace warpscore
