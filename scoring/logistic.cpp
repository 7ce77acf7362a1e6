#include "scoring/logistic.h"

#include <algorithm>
#include <cmath>

#include "scoring/document.h"

namespace warpscore {
namespace {

std::vector<double> finite_numbers(const Field& field, std::size_t count) {
  const std::vector<double>& numbers = field.numbers();
  if (numbers.size() != count) {
    field.fail("holds " + std::to_string(numbers.size()) + " numbers for " + std::to_string(count) +
               " coefficients; write one per feature");
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (!std::isfinite(numbers[i])) field.fail_at(i, "is not finite; train again");
  }
  return numbers;
}

}  // namespace

LogisticView Logistic::view() const {
  return {mean.data(), scale.data(), coef.data(), static_cast<std::uint32_t>(coef.size()),
          intercept};
}

void Logistic::margins(const double* const* columns, std::size_t rows, double* out) const {
  const LogisticView model = view();
  for (std::size_t r = 0; r < rows; ++r) {
    out[r] = logistic_margin(model, [&](std::uint32_t f) { return columns[f][r]; });
  }
}

Logistic read_logistic(const Value& document, std::vector<std::string>& feature_names) {
  const Field root(document, "");
  Logistic model;
  const Field coef = root.at("coef");
  const std::size_t count = coef.numbers().size();
  model.coef = finite_numbers(coef, count);
  model.mean =
      root.has("mean") ? finite_numbers(root.at("mean"), count) : std::vector<double>(count, 0.0);
  model.scale =
      root.has("scale") ? finite_numbers(root.at("scale"), count) : std::vector<double>(count, 1.0);
  const auto zero = std::find(model.scale.begin(), model.scale.end(), 0.0);
  if (zero != model.scale.end()) {
    root.at("scale").fail_at(
        static_cast<std::size_t>(zero - model.scale.begin()),
        "is 0, and features are divided by it; leave the constant feature out");
  }
  model.intercept = root.at("intercept").number();
  if (root.has("features")) {
    feature_names = root.at("features").texts();
    if (!feature_names.empty() && feature_names.size() != count) {
      root.at("features")
          .fail("holds " + std::to_string(feature_names.size()) + " names for " +
                std::to_string(count) + " coefficients; write one per feature");
    }
  }
  return model;
}

}  // namespace warpscore
