#include "ingest/decode.h"

#include <algorithm>

namespace warpscore {

EnumLimits::EnumLimits(const Schema& schema) {
  for (const Field& field : schema.fields) fields_.push_back({field.enum_max, {}});
}

bool EnumLimits::admit(std::uint32_t field, std::string_view text) {
  const std::scoped_lock lock(mutex_);
  Values& values = fields_[field];
  if (values.max == 0 || values.texts.contains(text)) return true;
  if (values.texts.size() >= values.max) return false;
  values.texts.emplace(text);
  return true;
}

std::size_t text_room(const RawTransaction& raw) {
  return std::min(raw.key.size(), kValueBytesMax) + 2 * std::min(raw.value.size(), kValueBytesMax);
}

}  // namespace warpscore
