// Text to tokens: numbers, texts with CEL's escapes, names and symbols.
#include <array>
#include <cstdio>

#include "scoring/expression.h"
#include "scoring/expression_syntax.h"

namespace warpscore::expression {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

std::string visible(char c) {
  if (c >= ' ' && c <= '~') return std::string("'") + c + "'";
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "byte 0x%02x", static_cast<unsigned char>(c));
  return buffer.data();
}

}  // namespace

std::string_view spelling_of(Operator op) {
  static constexpr std::array<std::string_view, 14> kSpellings = {
      "||", "&&", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%"};
  return kSpellings[static_cast<std::size_t>(op)];
}

char Lexer::peek(std::size_t ahead) const {
  return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
}

Token Lexer::token(TokenKind kind, std::size_t begin) const {
  Token made;
  made.kind = kind;
  made.begin = static_cast<std::uint32_t>(begin);
  made.end = static_cast<std::uint32_t>(at_);
  made.spelling = source_.substr(begin, at_ - begin);
  return made;
}

void Lexer::skip_blanks() {
  while (at_ < source_.size()) {
    const char c = source_[at_];
    if (c == '/' && peek(1) == '/') {
      while (at_ < source_.size() && source_[at_] != '\n' && source_[at_] != '\r') ++at_;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      ++at_;
    } else {
      return;
    }
  }
}

Token Lexer::next() {
  skip_blanks();
  if (at_ >= source_.size()) return token(TokenKind::kEnd, at_);
  const char c = source_[at_];
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
  if (c == '"' || c == '\'') return text(false);
  if ((c == 'r' || c == 'R') && (peek(1) == '"' || peek(1) == '\'')) return text(true);
  if ((c == 'b' || c == 'B') && (peek(1) == '"' || peek(1) == '\'')) {
    throw ExpressionError(at_, "byte strings are not part of the language", "drop the b");
  }
  if (is_letter(c)) return name();
  if (c == '`') return quoted_name();
  return symbol();
}

Token Lexer::number() {
  const std::size_t begin = at_;
  TokenKind kind = TokenKind::kInteger;
  if (source_[at_] == '0' && (peek(1) == 'x' || peek(1) == 'X')) {
    at_ += 2;
    if (digit_value(peek(0)) > 15) throw ExpressionError(at_, "0x needs hexadecimal digits", "");
    while (digit_value(peek(0)) <= 15) ++at_;
  } else {
    while (is_digit(peek(0))) ++at_;
    if (peek(0) == '.' && is_digit(peek(1))) {
      kind = TokenKind::kDouble;
      ++at_;
      while (is_digit(peek(0))) ++at_;
    } else if (peek(0) == '.' && !is_letter(peek(1))) {
      const std::string written(source_.substr(begin, at_ - begin));
      throw ExpressionError(begin, "a number cannot end with a point",
                            "write " + written + ".0 or " + written);
    }
    const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 2 : 1;
    if ((peek(0) == 'e' || peek(0) == 'E') && is_digit(peek(sign))) {
      kind = TokenKind::kDouble;
      at_ += sign;
      while (is_digit(peek(0))) ++at_;
    }
  }
  if (is_letter(peek(0))) {
    const std::string number(source_.substr(begin, at_ - begin));
    std::size_t end = at_;
    while (end < source_.size() && (is_letter(source_[end]) || is_digit(source_[end]))) ++end;
    const std::string unit(source_.substr(at_, end - at_));
    const bool span = unit == "h" || unit == "m" || unit == "s" || unit == "ms" || unit == "d";
    const bool is_unsigned = unit == "u" || unit == "U";
    throw ExpressionError(at_, "\"" + unit + "\" directly after the number " + number,
                          span          ? "write duration(\"" + number + unit + "\")"
                          : is_unsigned ? "write " + number + ": there are no unsigned integers"
                                        : "put an operator or a space between them");
  }
  return token(kind, begin);
}

Token Lexer::text(bool raw) {
  const std::size_t begin = at_;
  if (raw) ++at_;
  const char quote = source_[at_++];
  if (peek(0) == quote && peek(1) == quote) {
    throw ExpressionError(begin, "triple quotes are not part of the language", "use one quote");
  }
  std::string value;
  while (true) {
    if (at_ >= source_.size() || source_[at_] == '\n' || source_[at_] == '\r') {
      throw ExpressionError(begin, "this text has no closing quote",
                            std::string("add ") + quote + " at its end");
    }
    const char c = source_[at_];
    if (c == quote) break;
    if (c == '\\' && !raw) {
      escape(value);
    } else {
      value += c;
      ++at_;
    }
  }
  ++at_;
  Token made = token(TokenKind::kText, begin);
  made.text = std::move(value);
  return made;
}

std::uint32_t Lexer::code_point(std::size_t begin, int digits, int base) {
  std::uint32_t code = 0;
  for (int i = 0; i < digits; ++i) {
    const int value = digit_value(peek(0));
    if (value >= base) throw ExpressionError(begin, "this escape has too few digits", "");
    code = code * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(value);
    ++at_;
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (surrogate || code > 0x10ffff) {
    throw ExpressionError(begin, "this escape is no Unicode character", "");
  }
  return code;
}

void Lexer::escape(std::string& value) {
  static constexpr std::string_view kLetters = "abfnrtv\\?\"'`";
  static constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\?\"'`";
  const std::size_t begin = at_;
  const char c = peek(1);
  at_ += 2;
  if (const auto found = kLetters.find(c); c != '\0' && found != std::string_view::npos) {
    value += kValues[found];
  } else if (c == 'x' || c == 'X') {
    append_utf8(value, code_point(begin, 2, 16));
  } else if (c == 'u') {
    append_utf8(value, code_point(begin, 4, 16));
  } else if (c == 'U') {
    append_utf8(value, code_point(begin, 8, 16));
  } else if (c >= '0' && c <= '3') {
    --at_;
    append_utf8(value, code_point(begin, 3, 8));
  } else {
    throw ExpressionError(begin, "unknown escape in a text", "write \\\\ for a backslash");
  }
}

Token Lexer::name() {
  const std::size_t begin = at_;
  while (is_letter(peek(0)) || is_digit(peek(0))) ++at_;
  Token made = token(TokenKind::kName, begin);
  made.text = std::string(made.spelling);
  return made;
}

// CEL's way to write a name that is no identifier: `home-country`.
Token Lexer::quoted_name() {
  const std::size_t begin = at_++;
  const std::size_t close = source_.find('`', at_);
  if (close == std::string_view::npos || close == at_) {
    throw ExpressionError(begin, "a name in backticks needs a name and a closing backtick", "");
  }
  std::string value(source_.substr(at_, close - at_));
  at_ = close + 1;
  Token made = token(TokenKind::kName, begin);
  made.text = std::move(value);
  made.quoted = true;
  return made;
}

Token Lexer::symbol() {
  static constexpr std::array<std::string_view, 6> kPairs = {"||", "&&", "==", "!=", "<=", ">="};
  static constexpr std::string_view kSingles = "<>+-*/%!?:()[],.";
  const std::size_t begin = at_;
  const std::string_view two = source_.substr(at_, 2);
  for (const std::string_view pair : kPairs) {
    if (two == pair) {
      at_ += 2;
      return token(TokenKind::kSymbol, begin);
    }
  }
  const char c = source_[at_];
  if (kSingles.find(c) != std::string_view::npos) {
    if (two == "<>") throw ExpressionError(begin, "<> is no operator", "write !=");
    ++at_;
    return token(TokenKind::kSymbol, begin);
  }
  std::string mend;
  if (c == '=') mend = "write == to compare";
  if (c == '&') mend = "write &&";
  if (c == '|') mend = "write ||";
  if (c == '{' || c == '}') mend = "lists are written [..]; maps are not part of the language";
  throw ExpressionError(begin, "unexpected " + visible(c), std::move(mend));
}

}  // namespace warpscore::expression
