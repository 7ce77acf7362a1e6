// Text -> JSON strings.
#pragma once

#include <string>
#include <string_view>

namespace warpscore {

// With its quotes. Escapes what RFC 8259 says must be and nothing else. REQUIRES UTF-8.
void append_json_string(std::string& out, std::string_view text);
[[nodiscard]] std::string json_string(std::string_view text);

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);
void append_base64(std::string& out, std::string_view bytes);  // RFC 4648, padded

// What stands as the value of a member of an object: of a string what is between its quotes, still
// escaped; of anything else its bytes. Not found: data() is nullptr. Safe for any bytes, right for
// valid JSON whose name has no escapes.
[[nodiscard]] std::string_view find_json_member(std::string_view object, std::string_view name);

}  // namespace warpscore
