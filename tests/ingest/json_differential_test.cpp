// JsonMembers against a parser written from RFC 8259 alone, on documents broken at random.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#include "ingest/decode.h"
#include "ingest/json_members.h"

namespace warpscore {
namespace {

// Slow and plain: one character at a time, recursion, copies. Throws where the text is not JSON.
class SlowParser {
 public:
  explicit SlowParser(std::string text) : text_(std::move(text)) {}

  // The members of the outermost object: kind and text (of containers: only the kind).
  std::multimap<std::string, std::pair<TokenKind, std::string>> parse() {
    spaces();
    if (peek() != '{') throw std::runtime_error("object");
    value(1);
    spaces();
    if (at_ != text_.size()) throw std::runtime_error("trailing");
    return members_;
  }
  int deepest = 0;

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char take() {
    if (at_ == text_.size()) throw std::runtime_error("end");
    return text_[at_++];
  }
  void expect(char c) {
    if (take() != c) throw std::runtime_error("expected");
  }
  void spaces() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string::npos)
      ++at_;
  }

  std::pair<TokenKind, std::string> value(int depth) {
    spaces();
    const char c = peek();
    if (c == '{') return object(depth);
    if (c == '[') return array(depth);
    if (c == '"') return {TokenKind::kText, string()};
    for (const auto& [word, kind] : {std::pair{"true", TokenKind::kTrue},
                                     {"false", TokenKind::kFalse},
                                     {"null", TokenKind::kNull}}) {
      if (text_.compare(at_, std::string_view(word).size(), word) == 0) {
        at_ += std::string_view(word).size();
        return {kind, word};
      }
    }
    return {TokenKind::kNumber, number()};
  }

  std::pair<TokenKind, std::string> object(int depth) {
    deepest = std::max(deepest, depth);
    expect('{');
    spaces();
    if (peek() == '}') return take(), std::pair{TokenKind::kObject, std::string()};
    for (;;) {
      spaces();
      const std::string name = string();
      spaces();
      expect(':');
      auto member = value(depth + 1);
      if (depth == 1) members_.emplace(name, std::move(member));
      spaces();
      if (peek() == '}') return take(), std::pair{TokenKind::kObject, std::string()};
      expect(',');
    }
  }

  std::pair<TokenKind, std::string> array(int depth) {
    deepest = std::max(deepest, depth);
    expect('[');
    spaces();
    if (peek() == ']') return take(), std::pair{TokenKind::kArray, std::string()};
    for (;;) {
      value(depth + 1);
      spaces();
      if (peek() == ']') return take(), std::pair{TokenKind::kArray, std::string()};
      expect(',');
    }
  }

  unsigned hex4() {
    unsigned value = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = take();
      const auto digit =
          std::string_view("0123456789abcdef").find(static_cast<char>(std::tolower(c)));
      if (digit == std::string::npos) throw std::runtime_error("hex");
      value = value * 16 + static_cast<unsigned>(digit);
    }
    return value;
  }

  std::string string() {
    expect('"');
    std::string out;
    for (;;) {
      const char c = take();
      if (c == '"') return out;
      if (static_cast<unsigned char>(c) < 0x20) throw std::runtime_error("control");
      if (static_cast<unsigned char>(c) >= 0x80) {
        --at_;
        out += multibyte();
      } else if (c == '\\') {
        out += escape();
      } else {
        out += c;
      }
    }
  }

  std::string escape() {
    const char c = take();
    const auto simple = std::string_view("\"\\/bfnrt").find(c);
    if (simple != std::string::npos) return std::string(1, "\"\\/\b\f\n\r\t"[simple]);
    if (c != 'u') throw std::runtime_error("escape");
    unsigned point = hex4();
    if (point >= 0xdc00 && point <= 0xdfff) throw std::runtime_error("lone");
    if (point >= 0xd800 && point <= 0xdbff) {
      expect('\\');
      expect('u');
      const unsigned low = hex4();
      if (low < 0xdc00 || low > 0xdfff) throw std::runtime_error("lone");
      point = 0x10000 + (point - 0xd800) * 0x400 + (low - 0xdc00);
    }
    return encode(point);
  }

  static std::string encode(unsigned point) {
    const auto byte = [](unsigned value) { return static_cast<char>(value); };
    if (point < 0x80) return {byte(point)};
    if (point < 0x800) return {byte(0xc0 + point / 64), byte(0x80 + point % 64)};
    if (point < 0x10000) {
      return {byte(0xe0 + point / 4096), byte(0x80 + point / 64 % 64), byte(0x80 + point % 64)};
    }
    return {byte(0xf0 + point / 262144), byte(0x80 + point / 4096 % 64),
            byte(0x80 + point / 64 % 64), byte(0x80 + point % 64)};
  }

  // A character of several bytes is UTF-8 if encoding what it decodes to gives the same bytes.
  std::string multibyte() {
    const auto first = static_cast<unsigned char>(take());
    const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    unsigned point = more == 3 ? first & 7U : more == 2 ? first & 15U : first & 31U;
    std::string bytes(1, static_cast<char>(first));
    for (int i = 0; i < more; ++i) {
      const auto next = static_cast<unsigned char>(take());
      bytes += static_cast<char>(next);
      point = point * 64 + (next & 63U);
    }
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) || encode(point) != bytes) {
      throw std::runtime_error("utf-8");
    }
    return bytes;
  }

  std::string number() {
    const std::size_t from = at_;
    const auto digits = [&] {
      if (peek() < '0' || peek() > '9') throw std::runtime_error("digit");
      while (peek() >= '0' && peek() <= '9') ++at_;
    };
    if (peek() == '-') ++at_;
    if (peek() == '0') {
      ++at_;
    } else {
      digits();
    }
    if (peek() == '.') ++at_, digits();
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      digits();
    }
    return text_.substr(from, at_ - from);
  }

  const std::string text_;
  std::size_t at_ = 0;
  std::multimap<std::string, std::pair<TokenKind, std::string>> members_;
};

const std::string kDocuments[] = {
    R"({"id":"t1","ts":1522540831000,"acct":4711,"amt":12.34,"c":"DE","online":true,"x":null})",
    R"( { "id" : 17 , "ts" : -0.5e+3 , "x" : [ 1 , { "y" : [ ] } , "]}" ] , "amt" : "1" } )",
    R"({"\u0069d":"\ud83d\ude00\"\\\/\b\f\n\r\t","acct":{"id":[[[[[[1]]]]]]},"x":"\\","t":false})",
    "{\"id\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\",\"a\":{},\"b\":[],\"c\":[{},[]],\"amt\":0}",
    R"({"x":[[[[[[[1]]]]]]],"id":[[[[[[[[1]]]]]]]],"":"","amt":"","ts":0.0})",
    R"({})",
};

std::string broken(std::string text, std::mt19937_64& random) {
  constexpr std::string_view kBytes = "{}[]\",:\\ \n0123e+-.tfnu\x01\x80\xc3\xed\xff/a";
  for (auto times = random() % 4; times > 0 && !text.empty(); --times) {
    const std::size_t at = random() % text.size();
    switch (random() % 5) {
      case 0:
        text[at] = kBytes[random() % kBytes.size()];
        break;
      case 1:
        text.insert(at, 1, kBytes[random() % kBytes.size()]);
        break;
      case 2:
        text.erase(at, 1 + random() % 3);
        break;
      case 3:
        text.insert(at, text.substr(random() % text.size(), random() % 20));
        break;
      default:
        text.resize(at);
    }
  }
  return text;
}

TEST(JsonDifferential, SameAsASlowParser) {
  MemberNames names;
  for (const char* name : {"id", "ts", "acct", "amt", ""}) names.add(name);
  JsonMembers fast(names);
  std::mt19937_64 random(20240501);
  int accepted = 0;
  for (int i = 0; i < 400'000; ++i) {
    const std::string text = broken(kDocuments[random() % std::size(kDocuments)], random);
    SlowParser slow(text);
    bool valid = true;
    std::multimap<std::string, std::pair<TokenKind, std::string>> members;
    try {
      members = slow.parse();
    } catch (const std::runtime_error&) {
      valid = false;
    }
    bool repeated = false;
    for (const std::string& name : names.names()) repeated |= members.count(name) > 1;
    const bool too_deep = slow.deepest > kDepthMax;

    const bool parsed = fast.parse(text);
    ASSERT_EQ(parsed, valid && !repeated && !too_deep) << text << "\n" << fast.detail();
    if (valid && !repeated && too_deep) {
      ASSERT_EQ(fast.reason(), RejectReason::kTooDeep) << text;
    }
    if (!parsed) continue;
    ++accepted;
    for (std::size_t m = 0; m < names.names().size(); ++m) {
      const Token& token = fast.tokens()[m];
      const auto found = members.find(names.names()[m]);
      if (found == members.end()) {
        ASSERT_EQ(token.kind, TokenKind::kAbsent) << text;
        continue;
      }
      ASSERT_EQ(token.kind, found->second.first) << text;
      if (token.kind != TokenKind::kObject && token.kind != TokenKind::kArray) {
        ASSERT_EQ(token.text(), found->second.second) << text;
      }
    }
  }
  EXPECT_GT(accepted, 50'000);  // or the test would prove little
}

}  // namespace
}  // namespace warpscore
