#include "ingest/csv_cells.h"

#include <simdjson.h>

#include <cstring>
#include <stdexcept>

#include "base/check.h"
#include "base/nearest_name.h"
#include "ingest/decode.h"

namespace warpscore {
namespace {

// A cell that starts at `at` with a quote. Its text is written to `scratch` only if it has doubled
// quotes. Returns where the cell ends (a comma or the end of the row), npos where quotes are wrong.
std::size_t quoted_cell(std::string_view row, std::size_t at, char* scratch, Token& token) {
  const std::size_t first = at + 1;
  std::size_t written = 0;
  bool doubled = false;
  std::size_t from = first;
  for (;;) {
    const std::size_t quote = row.find('"', from);
    if (quote == std::string_view::npos) return quote;
    const bool pair = quote + 1 < row.size() && row[quote + 1] == '"';
    if (pair || doubled) {
      const std::size_t size = quote - from + (pair ? 1 : 0);
      std::memcpy(scratch + written, row.data() + from, size);
      written += size;
    }
    if (!pair) {
      if (doubled) {
        token = {scratch, static_cast<std::uint32_t>(written), TokenKind::kText, true};
      } else {
        token = {row.data() + first, static_cast<std::uint32_t>(quote - first), TokenKind::kText,
                 false};
      }
      const bool ends = quote + 1 == row.size() || row[quote + 1] == ',';
      return ends ? quote + 1 : std::string_view::npos;
    }
    doubled = true;
    from = quote + 2;
  }
}

std::string quoted_list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    out += (out.empty() ? "\"" : ", \"") + name + "\"";
  }
  return out;
}

}  // namespace

bool split_csv_row(std::string_view row, std::vector<std::string>& cells) {
  cells.clear();
  const auto scratch = std::make_unique_for_overwrite<char[]>(row.size() + 1);
  for (std::size_t at = 0;; ++at) {
    std::size_t end = 0;
    if (at < row.size() && row[at] == '"') {
      Token token;
      end = quoted_cell(row, at, scratch.get(), token);
      if (end == std::string_view::npos) return false;
      cells.emplace_back(token.text());
    } else {
      end = std::min(row.find(',', at), row.size());
      cells.emplace_back(row.substr(at, end - at));
      if (cells.back().find('"') != std::string::npos) return false;
    }
    if (end == row.size()) return true;
    at = end;
  }
}

// Before names are looked for: what is no text is not to be shown on a terminal, and where lines
// end in CR alone the whole file would be one header without rows.
void check_header(std::string_view header) {
  if (!simdjson::validate_utf8(header.data(), header.size())) {
    throw std::runtime_error("the header is not UTF-8: is this a CSV file?");
  }
  for (const char c : header) {
    if (static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n') continue;
    throw std::runtime_error(c == '\r'
                                 ? "the header holds a CR: lines are to end in LF or CRLF"
                                 : "the header holds a control character: is this a CSV file?");
  }
}

CsvCells::CsvCells(std::string_view header, const MemberNames& members,
                   const std::function<bool(std::uint32_t)>& optional)
    : tokens_(members.names().size()),
      scratch_(std::make_unique_for_overwrite<char[]>(kValueBytesMax + 1)) {
  check_header(header);
  std::vector<std::string> columns;
  if (!split_csv_row(header, columns)) {
    throw std::runtime_error(
        "the header is not a CSV row: a quote is not closed, or stands inside "
        "a name without quotes");
  }
  column_members_.assign(columns.size(), kIgnored);
  for (std::uint32_t member = 0; member < tokens_.size(); ++member) {
    const std::string& name = members.names()[member];
    bool found = false;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i] != name) continue;
      if (found) throw std::runtime_error("the column \"" + name + "\" stands twice in the header");
      found = true;
      column_members_[i] = member;
    }
    if (found || optional(member)) continue;
    const std::string nearest = nearest_name(name, columns);
    throw std::runtime_error("there is no column \"" + name + "\"" +
                             (nearest.empty() ? "" : " (did you mean \"" + nearest + "\"?)") +
                             "; the columns are " + quoted_list(columns));
  }
}

bool CsvCells::check_width(std::size_t columns) {
  if (columns == column_members_.size()) return true;
  detail_ = "the row has " + std::to_string(columns) + " cells, the header " +
            std::to_string(column_members_.size());
  return false;
}

bool CsvCells::parse(std::string_view row) {
  WARPSCORE_CHECK(row.size() <= kValueBytesMax);
  if (!simdjson::validate_utf8(row.data(), row.size())) {
    detail_ = "the row is not UTF-8";
    return false;
  }
  if (std::memchr(row.data(), '"', row.size()) != nullptr) return parse_quoted(row);
  std::size_t column = 0;
  const char* const end = row.data() + row.size();
  const char* first = row.data();
  for (const char* at = first; at != end; ++at) {
    if (*at != ',') continue;
    put(column++, {first, static_cast<std::uint32_t>(at - first), TokenKind::kText, false});
    first = at + 1;
  }
  put(column++, {first, static_cast<std::uint32_t>(end - first), TokenKind::kText, false});
  return check_width(column);
}

bool CsvCells::parse_quoted(std::string_view row) {
  std::size_t column = 0;
  char* scratch = scratch_.get();  // never runs over: unescaped text is shorter than the row
  for (std::size_t at = 0;; ++at) {
    Token token;
    std::size_t end = 0;
    if (at < row.size() && row[at] == '"') {
      end = quoted_cell(row, at, scratch, token);
      if (token.unescaped) scratch += token.size;
    } else {
      end = std::min(row.find(',', at), row.size());
      token = {row.data() + at, static_cast<std::uint32_t>(end - at), TokenKind::kText, false};
      if (token.text().find('"') != std::string_view::npos) end = std::string_view::npos;
    }
    if (end == std::string_view::npos) {
      detail_ = "cell " + std::to_string(column + 1) +
                ": a quote is not closed, or stands inside a cell without quotes";
      return false;
    }
    put(column++, token);
    if (end == row.size()) return check_width(column);
    at = end;
  }
}

}  // namespace warpscore
