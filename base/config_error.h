// What is wrong with a configuration: where, what, and the mend. Thrown at start-up only.
//
// `what()` is the sentence without the file's name; service/main adds "FILE:LINE:COLUMN: ".
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace warpscore {

// Where in the configuration file: line and column count from 1; 0 when not known.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string key;  // dotted path, e.g. "features[3].where"
};

class ConfigError : public std::runtime_error {
 public:
  ConfigError(Place place, const std::string& message, std::string mend)
      : std::runtime_error(message), place_(std::move(place)), mend_(std::move(mend)) {}
  [[nodiscard]] const Place& place() const noexcept { return place_; }
  [[nodiscard]] const std::string& mend() const noexcept { return mend_; }  // "" if none is known

 private:
  Place place_;
  std::string mend_;
};

}  // namespace warpscore
