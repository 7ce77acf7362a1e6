#include "service/version_command.h"

#include <cstdio>

#include "scoring/forest.h"
#include "service/exit_codes.h"

namespace warpscore {

int version_command(const Options& options) {
  const char* const forest = name_of(forest_implementations().back());
  if (options.version.print == PrintFormat::kJson) {
    std::printf(
        "{\"version\":\"%s\",\"commit\":\"%s\",\"backends\":{\"compiled\":[\"cpu\"],\"present\":"
        "[\"cpu\"]},\"forest\":\"%s\"}\n",
        WARPSCORE_VERSION, WARPSCORE_COMMIT, forest);
  } else {
    std::printf(
        "warpscore %s (commit %s)\nbackends compiled in: cpu\nbackends present:     cpu (forest: "
        "%s)\n",
        WARPSCORE_VERSION, WARPSCORE_COMMIT, forest);
  }
  return kExitOk;
}

}  // namespace warpscore
