#include "publish/key_text.h"

#include <cstring>

#include "publish/json_text.h"

namespace warpscore {
namespace {

constexpr std::size_t kCharactersShown = 4;

bool is_start_of_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::string hash_text(const Key& key) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "#";
  for (int shift = 60; shift >= 0; shift -= 4) out += kHex[key.low >> shift & 15];
  return out;
}

std::string text_of(const Key& key, std::string_view value, std::string_view source) {
  const std::uint64_t top = key.high >> 56;
  if (top != 0xff) {
    char bytes[16];
    std::memcpy(bytes, &key.low, 8);
    std::memcpy(bytes + 8, &key.high, 8);
    return {bytes, static_cast<std::size_t>(top & 0x7f)};
  }
  // One that has escapes is left alone: to cut it could split an escape.
  const std::string_view found = find_json_member(value, source);
  const bool plain = !found.empty() && found.find('\\') == std::string_view::npos;
  return plain && key_of(found) == key ? std::string(found) : hash_text(key);
}

}  // namespace

std::string masked(std::string_view text) {
  std::size_t at = text.size();
  std::size_t characters = 0;
  while (at > 0 && characters < kCharactersShown) {
    if (is_start_of_character(text[--at])) ++characters;
  }
  // Some of a short one must stay hidden too.
  return "***" + std::string(at == 0 ? std::string_view{} : text.substr(at));
}

void append_key_text(std::string& out, const Schema& schema, const Batch& batch,
                     std::uint32_t field, std::uint32_t row) {
  const Field& of = schema.fields[field];
  const Key& key = batch.view().keys[of.key_index][row];
  const std::string text = text_of(key, batch.value(row), of.source);
  out += of.masked ? masked(text) : text;
}

}  // namespace warpscore
