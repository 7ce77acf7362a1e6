// Where the tree's files are that a test reads: the source tree, or a copy of it in a GPU bundle.
//
// A test that uses it is compiled with WARPSCORE_SOURCE_DIR; scripts/gpu-bundle-run sets the
// environment's WARPSCORE_SOURCE. A path that is compiled in any other way is refused by
// scripts/gpu-bundle: it is not there on other machines.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace warpscore {

inline std::filesystem::path source_folder() {
  const char* const copied = std::getenv("WARPSCORE_SOURCE");
  return copied != nullptr ? copied : WARPSCORE_SOURCE_DIR;
}

}  // namespace warpscore
