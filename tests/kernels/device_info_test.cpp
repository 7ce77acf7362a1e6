// find_cuda gives a device that can be used, or one line that says why there is none.
#include "kernels/device_info.h"

#include <gtest/gtest.h>

namespace warpscore {
namespace {

TEST(DeviceInfoTest, there_is_a_device_or_one_line_that_says_why_not) {
  std::string why_not;
  const std::optional<DeviceInfo> info = find_cuda(why_not);
  EXPECT_EQ(info.has_value(), why_not.empty()) << why_not;
  EXPECT_EQ(why_not.find('\n'), std::string::npos) << why_not;
  if (!cuda_compiled()) {
    EXPECT_EQ(why_not, "this build has no CUDA");
  }
  if (!info) {
    std::string again;
    EXPECT_FALSE(find_cuda(again));
    EXPECT_EQ(again, why_not);
    return;
  }
  EXPECT_FALSE(info->name.empty());
  EXPECT_GE(info->compute_capability, kComputeCapabilityMin);
  EXPECT_GT(info->multiprocessors, 0u);
  EXPECT_GT(info->bytes_free, 0u);
  EXPECT_GE(info->bytes, info->bytes_free);
  EXPECT_GE(info->driver_version, info->runtime_version / 1000 * 1000);
}

}  // namespace
}  // namespace warpscore
