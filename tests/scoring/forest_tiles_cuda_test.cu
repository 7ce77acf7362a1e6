// The tiled forest on a GPU. Without one it is skipped: forest_tiles_test runs the same cases.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "kernels/device_info.h"
#include "kernels/queue_cuda.cuh"
#include "tests/scoring/forest_tiles_test_impl.h"

namespace warpscore {
namespace {

class ForestTilesCudaTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string why_not;
    const auto device = find_cuda(why_not);
    if (!device) GTEST_SKIP() << "no GPU to run on: " << why_not;
    std::printf("running on %s\n", device->name.c_str());
  }
};

TEST_F(ForestTilesCudaTest, GivesTheBitsOfWalking) {
  CudaQueue queue(1024);
  expect_same_for_all_forests(queue);
}

TEST_F(ForestTilesCudaTest, LeavesRowsBeyondTheCountAlone) {
  CudaQueue queue(1024);
  expect_rows_beyond_untouched(queue);
}

TEST_F(ForestTilesCudaTest, AddsNothingForTreesThatAreNotThere) {
  CudaQueue queue(1024);
  expect_zeros_keep_their_sign(queue);
}

}  // namespace
}  // namespace warpscore
