// What every verb that takes a configuration does first: read it, compile the plan, say what is
// wrong.
//
// Owner   Setup owns the dictionary, which the plan refers to; it is not movable for that reason.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/dictionary.h"
#include "scoring/plan.h"
#include "service/cli.h"
#include "service/config.h"

namespace warpscore {

struct Setup {
  Config config;
  std::unique_ptr<Dictionary> dictionary;
  std::unique_ptr<Plan> plan;
};

// Prints what is wrong, one line each, and warnings; nothing if an error was found.
[[nodiscard]] std::optional<Setup> read_setup(const std::filesystem::path& file);
// The same for [[tests]], whose transactions need give nothing but what they are about: every field
// is optional.
[[nodiscard]] std::optional<Setup> read_test_setup(const std::filesystem::path& file);
// The same of the configuration and model that come with the program (service/embedded.h).
[[nodiscard]] std::optional<Setup> embedded_setup();

// Workers to use: as asked for, or one per core.
[[nodiscard]] std::uint32_t workers_of(const Options& options);
// The same beside reader and commit threads: half the cores, if not asked for.
[[nodiscard]] std::uint32_t engine_workers_of(const Options& options);

}  // namespace warpscore
