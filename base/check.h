// WARPSCORE_CHECK: a broken invariant of our own ends the process with a message. On in release.
//
// Never for bad input (that is data: counted and kept) nor for operating errors (those are
// exceptions at start-up and enums afterwards).
#pragma once

#include <cstdio>
#include <cstdlib>

namespace warpscore {

[[noreturn]] inline void check_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "warpscore: broken invariant: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace warpscore

#define WARPSCORE_CHECK(condition)        \
  (static_cast<bool>(condition) ? void(0) \
                                : ::warpscore::check_failed(#condition, __FILE__, __LINE__))
