// SHA-256 (FIPS 180-4): names a model by its bytes, as `sha256sum` would.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace warpscore {

std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace warpscore
