// Expressions: a typed subset of CEL, compiled to bytecode (scoring/program.h).
//
// Types   integer, decimal(scale), double, bool, time, duration, enum, key; no conversion happens
//         by itself (as in CEL), but comparisons work between any two numbers, exactly.
// Missing arithmetic with a missing value is missing; a comparison with one is false; && and || are
//         decided by the other side where that suffices, else missing (design S10).
// Errors  ExpressionError with the position in the text, what is wrong, and the mend.
// Thread  compile is called at start-up; a Program is read-only afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/dictionary.h"
#include "base/lane.h"
#include "scoring/program.h"

namespace warpscore {

struct Symbol {
  std::uint32_t column = 0;  // what Program loads: the caller's number for that column
  ColumnType type;
};

// What names mean to an expression: fields, features, time, label, score.
class Scope {
 public:
  virtual ~Scope() = default;
  // A name of a field or feature, "time", "label", "score" or "margin"; nothing if unknown here.
  [[nodiscard]] virtual std::optional<Symbol> find(std::string_view name) = 0;
  // previous(<key>).<field>; field may be "time". Nothing if the key or the field is unknown.
  [[nodiscard]] virtual std::optional<Symbol> previous(std::string_view key,
                                                       std::string_view field) = 0;
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;  // for "did you mean"
};

class ExpressionError : public std::runtime_error {
 public:
  ExpressionError(std::size_t position, const std::string& message, std::string mend)
      : std::runtime_error(message), position_(position), mend_(std::move(mend)) {}
  [[nodiscard]] std::size_t position() const noexcept { return position_; }  // byte in the text
  [[nodiscard]] const std::string& mend() const noexcept { return mend_; }

 private:
  std::size_t position_;
  std::string mend_;
};

// Names that an expression reads, without compiling it: to order features by need. Throws
// ExpressionError on a syntax error.
[[nodiscard]] std::vector<std::string> names_in(std::string_view text);

// Texts compared with enum fields get their numbers from the dictionary.
[[nodiscard]] Program compile_expression(std::string_view text, Scope& scope,
                                         Dictionary& dictionary);

}  // namespace warpscore
