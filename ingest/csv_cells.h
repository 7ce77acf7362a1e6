// One row of a CSV file (RFC 4180) -> tokens of the columns asked for.
//
// Memory  tokens point into the row, or into scratch memory where a cell has doubled quotes; good
//         until the next call.
// Thread  used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rejects.h"
#include "ingest/token.h"

namespace warpscore {

class CsvCells {
 public:
  // `header`: the first row. Throws std::runtime_error where a column is missing that is not
  // optional(member), or one of ours stands twice.
  CsvCells(std::string_view header, const MemberNames& members,
           const std::function<bool(std::uint32_t)>& optional);

  // false: detail() says what is wrong; the reason is always kNotJson, "not a row".
  [[nodiscard]] bool parse(std::string_view row);
  [[nodiscard]] std::span<const Token> tokens() const { return tokens_; }
  [[nodiscard]] const std::string& detail() const { return detail_; }

 private:
  static constexpr std::uint32_t kIgnored = 0xffffffff;

  bool parse_quoted(std::string_view row);
  void put(std::size_t column, Token token) {
    if (column < column_members_.size() && column_members_[column] != kIgnored) {
      tokens_[column_members_[column]] = token;
    }
  }
  bool check_width(std::size_t columns);

  std::vector<std::uint32_t> column_members_;  // by column: the member, or kIgnored
  std::vector<Token> tokens_;                  // by member
  std::unique_ptr<char[]> scratch_;
  std::string detail_;
};

// Splits a row into its cells, unescaped. false: quotes are not as RFC 4180 has them.
[[nodiscard]] bool split_csv_row(std::string_view row, std::vector<std::string>& cells);

}  // namespace warpscore
