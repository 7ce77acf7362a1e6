// Alerts in words: "more than 10 payments in a day, now {amount}".
//
// Template  {name} is a field, a feature, or one of score, margin, id, time; {{ and }} are braces.
// Values    decimals with the digits of their scale, doubles with at most four digits after the
//           point, key fields masked where configured, missing ones as "missing".
// Errors    the constructor throws ConfigError: unknown name (with the nearest), brace not closed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/batch.h"
#include "publish/shape.h"
#include "scoring/results.h"

namespace warpscore {

class ReasonTemplate {
 public:
  // `place` is where the template stands in the configuration.
  ReasonTemplate(std::string_view text, const OutputShape& shape, const Place& place = {});
  // A text without any placeholder, braces and all: the words of `when`.
  [[nodiscard]] static ReasonTemplate literal(std::string_view text);

  // Appends plain text (not escaped).
  void append(std::string& out, const OutputShape& shape, const Batch& batch,
              const Results& results, std::uint32_t row) const;

 private:
  enum class Kind : std::uint8_t { kText, kField, kFeature, kScore, kMargin, kId, kTime };
  struct Part {
    Kind kind = Kind::kText;
    std::uint32_t number = 0;  // of the field or feature
    std::string text;
  };
  ReasonTemplate() = default;
  void add_name(std::string_view name, const OutputShape& shape, const Place& place);

  std::vector<Part> parts_;
};

}  // namespace warpscore
