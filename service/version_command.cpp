#include "service/version_command.h"

#include <cstdio>
#include <string>

#include "kernels/device_info.h"
#include "publish/json_text.h"
#include "scoring/forest.h"
#include "service/device_choice.h"
#include "service/exit_codes.h"

namespace warpscore {
namespace {

// "13.0 [90]": the toolkit, and the GPUs that the program was compiled for.
const std::string kCuda =
    std::string(WARPSCORE_CUDA_VERSION) + " [" + WARPSCORE_CUDA_ARCHITECTURES + "]";

void print_json(const char* forest) {
  std::string why_not;
  const bool usable = find_cuda(why_not).has_value();
  const std::string cuda =
      cuda_compiled() ? "\"compiled\":" + json_string(kCuda) + "," : std::string();
  std::printf(
      "{\"version\":\"%s\",\"commit\":\"%s\",\"backends\":{\"compiled\":[\"cpu\"%s],\"present\":"
      "[\"cpu\"%s]},\"cuda\":{%s\"usable\":%s,\"text\":%s},\"forest\":\"%s\"}\n",
      WARPSCORE_VERSION, WARPSCORE_COMMIT, cuda_compiled() ? ",\"cuda\"" : "",
      usable ? ",\"cuda\"" : "", cuda.c_str(), usable ? "true" : "false",
      json_string(cuda_line()).c_str(), forest);
}

}  // namespace

int version_command(const Options& options) {
  const char* const forest = name_of(forest_implementations().back());
  if (options.version.print == PrintFormat::kJson) {
    print_json(forest);
    return kExitOk;
  }
  const std::string cuda = cuda_compiled() ? ", cuda " + kCuda : std::string();
  std::printf(
      "warpscore %s (commit %s)\n"
      "backends compiled in: cpu%s\n"
      "backends present:     cpu (forest: %s)\n"
      "                      %s\n",
      WARPSCORE_VERSION, WARPSCORE_COMMIT, cuda.c_str(), forest, cuda_line().c_str());
  return kExitOk;
}

}  // namespace warpscore
