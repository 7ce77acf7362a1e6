// What comes with the program: the example of examples/fraud-handbook, for `warpscore demo`.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace warpscore {

[[nodiscard]] std::string_view embedded_configuration();
[[nodiscard]] std::span<const std::byte> embedded_model();

}  // namespace warpscore
