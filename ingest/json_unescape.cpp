#include <cstddef>
#include <cstdint>

#include "ingest/json_members.h"

namespace warpscore {
namespace {

// Four hexadecimal digits at `at`; -1 if they are not there.
int hex4(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return -1;
  int value = 0;
  for (const char c : text.substr(at, 4)) {
    const int lower = c | 0x20;
    if (c >= '0' && c <= '9') {
      value = value * 16 + (c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + (lower - 'a' + 10);
    } else {
      return -1;
    }
  }
  return value;
}

char* put_utf8(std::uint32_t c, char* out) {
  if (c < 0x80) {
    *out++ = static_cast<char>(c);
    return out;
  }
  if (c < 0x800) {
    *out++ = static_cast<char>(0xc0 | c >> 6);
  } else {
    if (c < 0x10000) {
      *out++ = static_cast<char>(0xe0 | c >> 12);
    } else {
      *out++ = static_cast<char>(0xf0 | c >> 18);
      *out++ = static_cast<char>(0x80 | (c >> 12 & 0x3f));
    }
    *out++ = static_cast<char>(0x80 | (c >> 6 & 0x3f));
  }
  *out++ = static_cast<char>(0x80 | (c & 0x3f));
  return out;
}

// The digits of \uXXXX at `at`, and those of its other half where it is a surrogate; `at` moves
// behind what was read. -1: wrong.
std::int64_t code_point(std::string_view text, std::size_t& at) {
  const int first = hex4(text, at);
  at += 4;
  if (first < 0xd800 || first > 0xdfff) return first;
  if (first > 0xdbff || text.substr(at, 2) != "\\u") return -1;
  const int second = hex4(text, at + 2);
  at += 6;
  if (second < 0xdc00 || second > 0xdfff) return -1;
  return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

}  // namespace

char* unescape_json(std::string_view text, char* out) {
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at++];
    if (c != '\\') {
      *out++ = c;
      continue;
    }
    if (at == text.size()) return nullptr;
    switch (text[at++]) {
      case '"':
        *out++ = '"';
        break;
      case '\\':
        *out++ = '\\';
        break;
      case '/':
        *out++ = '/';
        break;
      case 'b':
        *out++ = '\b';
        break;
      case 'f':
        *out++ = '\f';
        break;
      case 'n':
        *out++ = '\n';
        break;
      case 'r':
        *out++ = '\r';
        break;
      case 't':
        *out++ = '\t';
        break;
      case 'u': {
        const std::int64_t point = code_point(text, at);
        if (point < 0) return nullptr;
        out = put_utf8(static_cast<std::uint32_t>(point), out);
        break;
      }
      default:
        return nullptr;
    }
  }
  return out;
}

}  // namespace warpscore
