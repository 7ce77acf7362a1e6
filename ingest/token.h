// One member of a transaction as it stands in the input, before it is converted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/schema.h"

namespace warpscore {

enum class TokenKind : std::uint8_t {
  kAbsent,
  kNull,
  kText,    // a JSON string without its quotes, unescaped; a CSV cell
  kNumber,  // follows the grammar of JSON
  kTrue,
  kFalse,
  kObject,
  kArray,
};

struct Token {
  const char* data = nullptr;
  std::uint32_t size = 0;
  TokenKind kind = TokenKind::kAbsent;
  bool unescaped = false;  // the text is in the parser's scratch memory, not in the input

  [[nodiscard]] std::string_view text() const { return {data, size}; }
  // Absent, null and empty are the same thing in JSON and CSV.
  [[nodiscard]] bool missing() const {
    return kind <= TokenKind::kNull || (kind == TokenKind::kText && size == 0);
  }
};

// Which tokens a parser is to find: names without repetition, as two fields may share one source.
class MemberNames {
 public:
  std::uint32_t add(std::string_view name) {  // its number
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (names_[i] == name) return static_cast<std::uint32_t>(i);
    names_.emplace_back(name);
    return static_cast<std::uint32_t>(names_.size() - 1);
  }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

}  // namespace warpscore
