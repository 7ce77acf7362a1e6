// The text of a key field, as alerts show it.
//
// A key of up to 15 bytes holds its text; a longer one is a hash, so its text is looked up in the
// original bytes. Where those are not JSON with the member in plain view, it is "#" and 16
// hexadecimal digits of the hash.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/batch.h"
#include "base/schema.h"

namespace warpscore {

// Appends plain text, masked where the field is. `field` is a number in the schema. REQUIRES a key
// field that is not missing in this row.
void append_key_text(std::string& out, const Schema& schema, const Batch& batch,
                     std::uint32_t field, std::uint32_t row);

// "***" and the last four characters; "***" alone where there are no more than four.
[[nodiscard]] std::string masked(std::string_view text);

}  // namespace warpscore
