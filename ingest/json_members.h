// One JSON object -> tokens of the members asked for, everything else checked and passed over.
//
// How     simdjson's first stage finds the structure (and checks UTF-8 and control characters) with
//         the widest registers there are; one walk over that structure then checks the grammar to
//         the last byte and notes our members. simdjson's On-Demand would not look into what it
//         passes over, and its DOM turns numbers into doubles: we need neither.
// Memory  fixed, for values of up to kValueBytesMax bytes. Tokens point into the value, or into
//         scratch memory where a string has escapes; good until the next call.
// Thread  used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rejects.h"
#include "ingest/token.h"

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace warpscore {

// Which of some names a text is: one multiplication, one probe, one comparison.
class NameTable {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;
  explicit NameTable(std::vector<std::string> names);
  [[nodiscard]] std::uint32_t find(std::string_view name) const;

 private:
  [[nodiscard]] std::size_t slot_of(std::string_view name) const;

  std::vector<std::string> names_;
  std::vector<std::uint32_t> next_;   // by name: the next one of its slot
  std::vector<std::uint32_t> slots_;  // a power of two
  unsigned shift_ = 0;
};

class JsonMembers {
 public:
  explicit JsonMembers(const MemberNames& members);
  ~JsonMembers();

  // false: reason() is kNotJson or kTooDeep. REQUIRES value.size() <= kValueBytesMax.
  [[nodiscard]] bool parse(std::string_view value);
  [[nodiscard]] std::span<const Token> tokens() const { return tokens_; }
  [[nodiscard]] RejectReason reason() const { return reason_; }
  [[nodiscard]] std::string detail() const;

 private:
  [[nodiscard]] char at(std::uint32_t i) const { return i < size_ ? text_[indexes_[i]] : '\0'; }
  [[nodiscard]] std::string_view scalar(std::uint32_t i) const;  // from index i on, trimmed
  bool fail(std::uint32_t i, const char* problem);
  bool walk_members();
  bool read_name(std::uint32_t& i, std::string_view& name);
  bool read_value(std::uint32_t& i, Token& token);
  bool read_string(std::uint32_t i, Token& token);
  bool skip_nested(std::uint32_t& i);
  bool skip_name(std::uint32_t& i);
  bool open(std::uint32_t i, std::uint32_t& depth, std::uint32_t& objects);

  const NameTable names_;
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1_;
  const std::unique_ptr<char[]> scratch_;

  std::vector<Token> tokens_;  // by member
  const char* text_ = nullptr;
  const std::uint32_t* indexes_ = nullptr;  // of structural characters and starts of scalars
  std::uint32_t size_ = 0;                  // how many; indexes_[size_] is the end of the text
  bool has_escapes_ = false;
  char* scratch_end_ = nullptr;

  RejectReason reason_{};
  const char* problem_ = nullptr;
  std::uint32_t problem_at_ = 0;
  std::string problem_member_;
};

// Appends the text of a JSON string (what stands between the quotes) to `out`, which has room for
// text.size() bytes. nullptr: an escape is wrong. Lone surrogates are.
[[nodiscard]] char* unescape_json(std::string_view text, char* out);

}  // namespace warpscore
