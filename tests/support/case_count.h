// How many random cases a test runs, and from which seed.
//
// WARPSCORE_CASES=N says how many, WARPSCORE_SEED=N runs that one alone, WARPSCORE_SMALL=1 (under
// compute-sanitizer, which is slow) a few.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace warpscore {

inline std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

inline std::uint64_t case_count(std::uint64_t usual) {
  constexpr std::uint64_t kFew = 5;
  if (std::getenv("WARPSCORE_SEED") != nullptr) usual = 1;
  if (number_from_environment("WARPSCORE_SMALL", 0) != 0) usual = std::min(usual, kFew);
  return number_from_environment("WARPSCORE_CASES", usual);
}

inline std::uint64_t first_seed(std::uint64_t usual) {
  return number_from_environment("WARPSCORE_SEED", usual);
}

}  // namespace warpscore
