// What the machine has, as the operating system tells it.
#pragma once

#include <unistd.h>

#include <cstdint>

namespace warpscore {

[[nodiscard]] inline std::uint64_t machine_memory_bytes() {
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(sysconf(_SC_PAGE_SIZE));
}

}  // namespace warpscore
