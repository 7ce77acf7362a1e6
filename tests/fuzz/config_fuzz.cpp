// Any bytes as a configuration: ConfigErrors, or a Config whose dump reads back as the same.
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/check.h"
#include "service/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warpscore;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::optional<Config> config;
  try {
    config = parse_config(text, "fuzz.toml");
  } catch (const ConfigErrors& errors) {
    WARPSCORE_CHECK(!errors.errors().empty());
    for (const ConfigError& error : errors.errors())
      WARPSCORE_CHECK(!format_error("fuzz.toml", error).empty());
    return 0;
  }
  const std::string dumped = dump_config(*config);
  WARPSCORE_CHECK(dump_config(parse_config(dumped, "fuzz.toml")) == dumped);
  return 0;
}
