#include "ingest/json_members.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "base/check.h"
#include "ingest/decode.h"
#include "ingest/numbers.h"

namespace warpscore {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

template <class T>
std::uint64_t load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

const char* problem_of(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR:
      return "the text is not UTF-8";
    case simdjson::UNCLOSED_STRING:
      return "a string is not closed";
    case simdjson::UNESCAPED_CHARS:
      return "a string holds a control character";
    default:
      return "the text is empty";
  }
}

}  // namespace

NameTable::NameTable(std::vector<std::string> names) : names_(std::move(names)) {
  const std::size_t slots = std::bit_ceil(std::max<std::size_t>(names_.size() * 8, 16));
  slots_.assign(slots, kNone);
  shift_ = 64 - static_cast<unsigned>(std::countr_zero(slots));
  next_.assign(names_.size(), kNone);
  for (std::uint32_t i = 0; i < names_.size(); ++i) {
    std::uint32_t& slot = slots_[slot_of(names_[i])];
    next_[i] = slot;
    slot = i;
  }
}

// From the length and both ends of the name: enough to tell the members of one schema apart, and
// the comparison in find() decides.
inline std::size_t NameTable::slot_of(std::string_view name) const {
  const char* const p = name.data();
  const std::size_t n = name.size();
  std::uint64_t mix = n;
  if (n >= 8) {
    mix += load<std::uint64_t>(p) ^ std::rotl(load<std::uint64_t>(p + n - 8), 29);
  } else if (n >= 4) {
    mix += load<std::uint32_t>(p) << 8 ^ load<std::uint32_t>(p + n - 4) << 32;
  } else if (n > 0) {
    mix += load<std::uint8_t>(p) << 8 ^ load<std::uint8_t>(p + n / 2) << 16 ^
           load<std::uint8_t>(p + n - 1) << 24;
  }
  return (mix * 0x9e3779b97f4a7c15ULL) >> shift_;
}

inline std::uint32_t NameTable::find(std::string_view name) const {
  std::uint32_t i = slots_[slot_of(name)];
  while (i != kNone && names_[i] != name) i = next_[i];
  return i;
}

JsonMembers::JsonMembers(const MemberNames& members)
    : names_(members.names()),
      scratch_(std::make_unique_for_overwrite<char[]>(kValueBytesMax)),
      tokens_(members.names().size()) {
  const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
      kValueBytesMax + simdjson::SIMDJSON_PADDING, kDepthMax, stage1_);
  if (error != simdjson::SUCCESS) throw std::bad_alloc();
}

JsonMembers::~JsonMembers() = default;

bool JsonMembers::parse(std::string_view value) {
  WARPSCORE_CHECK(value.size() <= kValueBytesMax);
  std::fill(tokens_.begin(), tokens_.end(), Token{});
  text_ = value.data();
  size_ = 0;
  if (value.empty()) return fail(0, problem_of(simdjson::EMPTY));
  // Stage 1 reads no byte past the end: it copies the last block (simdjson's buf_block_reader).
  const auto error = stage1_->stage1(reinterpret_cast<const std::uint8_t*>(value.data()),
                                     value.size(), simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS) return fail(0, problem_of(error));
  indexes_ = stage1_->structural_indexes.get();
  size_ = stage1_->n_structural_indexes;
  WARPSCORE_CHECK(indexes_[size_] == value.size());
  has_escapes_ = std::memchr(value.data(), '\\', value.size()) != nullptr;
  scratch_end_ = scratch_.get();
  return walk_members();
}

std::string JsonMembers::detail() const {
  std::string detail = problem_;
  if (!problem_member_.empty()) detail += ": \"" + problem_member_ + "\"";
  if (size_ > 0) detail += " (byte " + std::to_string(problem_at_) + ")";
  return detail;
}

bool JsonMembers::fail(std::uint32_t i, const char* problem) {
  reason_ = RejectReason::kNotJson;
  problem_ = problem;
  problem_at_ = i <= size_ && size_ > 0 ? indexes_[i] : 0;
  problem_member_.clear();
  return false;
}

inline std::string_view JsonMembers::scalar(std::uint32_t i) const {
  const std::uint32_t begin = indexes_[i];
  std::uint32_t end = indexes_[i + 1];
  while (end > begin + 1 && is_space(text_[end - 1])) --end;
  return {text_ + begin, end - begin};
}

bool JsonMembers::walk_members() {
  if (at(0) != '{') return fail(0, "the value is not an object");
  std::uint32_t i = 1;
  if (at(i) != '}') {
    for (;;) {
      std::string_view name;
      if (!read_name(i, name)) return false;
      const std::uint32_t member = names_.find(name);
      Token token;
      const std::uint32_t value_at = i;
      if (!read_value(i, token)) return false;
      if (member != NameTable::kNone) {
        // Which of two counts differs between parsers, so a second one could smuggle a value past
        // whoever checked the first.
        if (tokens_[member].kind != TokenKind::kAbsent) {
          fail(value_at, "a member stands twice");
          problem_member_ = name;
          return false;
        }
        tokens_[member] = token;
      }
      const char c = at(i);
      if (c == '}') break;
      if (c != ',') return fail(i, "a comma or } is expected");
      ++i;
    }
  }
  ++i;
  return i == size_ || fail(i, "there is more behind the object");
}

// Name and colon.
[[gnu::always_inline]] inline bool JsonMembers::read_name(std::uint32_t& i,
                                                          std::string_view& name) {
  if (at(i) != '"') return fail(i, "the name of a member is expected");
  Token token;
  if (!read_string(i, token)) return false;
  if (at(i + 1) != ':') return fail(i + 1, "a colon is expected");
  name = token.text();
  i += 2;
  return true;
}

[[gnu::always_inline]] inline bool JsonMembers::read_string(std::uint32_t i, Token& token) {
  const std::string_view quoted = scalar(i);
  if (quoted.size() < 2 || quoted.back() != '"') return fail(i, "a string is not closed");
  token = {quoted.data() + 1, static_cast<std::uint32_t>(quoted.size() - 2), TokenKind::kText,
           false};
  if (!has_escapes_ || token.text().find('\\') == std::string_view::npos) return true;
  char* const begin = scratch_end_;  // never runs over: unescaped text is the shorter one
  scratch_end_ = unescape_json(token.text(), begin);
  if (scratch_end_ == nullptr) return fail(i, "a string holds a wrong escape");
  token = {begin, static_cast<std::uint32_t>(scratch_end_ - begin), TokenKind::kText, true};
  return true;
}

// A value, from its first index to the index behind it.
inline bool JsonMembers::read_value(std::uint32_t& i, Token& token) {
  const char c = at(i);
  if (c == '"') return read_string(i++, token);
  if (c == '{' || c == '[') {
    token.kind = c == '{' ? TokenKind::kObject : TokenKind::kArray;
    return skip_nested(i);
  }
  if (i >= size_) return fail(i, "a value is expected");
  const std::string_view text = scalar(i);
  if (c == '-' || (c >= '0' && c <= '9')) {
    if (!is_json_number(text)) return fail(i, "a number is not as JSON has it");
    token.kind = TokenKind::kNumber;
  } else if (text == "true") {
    token.kind = TokenKind::kTrue;
  } else if (text == "false") {
    token.kind = TokenKind::kFalse;
  } else if (text == "null") {
    token.kind = TokenKind::kNull;
  } else {
    return fail(i, "a value is expected");
  }
  token.data = text.data();
  token.size = static_cast<std::uint32_t>(text.size());
  ++i;
  return true;
}

bool JsonMembers::skip_name(std::uint32_t& i) {
  std::string_view name;
  return read_name(i, name);
}

// One level down. Bit d of `objects` says whether level d is an object.
bool JsonMembers::open(std::uint32_t i, std::uint32_t& depth, std::uint32_t& objects) {
  if (++depth > static_cast<std::uint32_t>(kDepthMax)) {
    fail(i, "objects and arrays are nested deeper than 8 levels");
    reason_ = RejectReason::kTooDeep;
    return false;
  }
  objects = (objects & ~(1U << depth)) | (at(i) == '{' ? 1U << depth : 0U);
  return true;
}

// An object or array within the outermost object, from its bracket to the index behind it. No
// recursion: the levels are a bit set.
bool JsonMembers::skip_nested(std::uint32_t& i) {
  constexpr std::uint32_t kOutermost = 1;
  std::uint32_t depth = kOutermost;
  std::uint32_t objects = 0;
  for (;;) {  // i is where a value starts
    const char c = at(i);
    if (c == '{' || c == '[') {
      if (!open(i, depth, objects)) return false;
      ++i;
      if (at(i) != (c == '{' ? '}' : ']')) {
        if (c == '{' && !skip_name(i)) return false;
        continue;
      }
      ++i;
      --depth;
    } else {
      Token ignored;
      if (!read_value(i, ignored)) return false;
    }
    for (;;) {  // i is behind a value
      if (depth == kOutermost) return true;
      const bool object = (objects >> depth & 1) != 0;
      if (at(i) == ',') {
        ++i;
        if (object && !skip_name(i)) return false;
        break;
      }
      if (at(i) != (object ? '}' : ']')) return fail(i, "a comma or a closing bracket is expected");
      ++i;
      --depth;
    }
  }
}

}  // namespace warpscore
