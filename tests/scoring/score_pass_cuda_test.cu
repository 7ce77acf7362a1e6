// The score pass on a GPU. Without one it is skipped: score_pass_thread_test runs the same cases.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "kernels/device_info.h"
#include "kernels/queue_cuda.cuh"
#include "tests/scoring/score_pass_test_impl.h"

namespace warpscore {
namespace {

TEST(ScorePassCudaTest, GivesTheBitsOfTheBlockPass) {
  std::string why_not;
  const auto device = find_cuda(why_not);
  if (!device) GTEST_SKIP() << "no GPU to run on: " << why_not;
  std::printf("running on %s\n", device->name.c_str());
  CudaQueue queue(1024);
  expect_same_for_all_shapes(queue, 1);
}

}  // namespace
}  // namespace warpscore
