// The feature pass on TBB: the template of feature_pass_impl.h, instantiated.
#include <thrust/system/tbb/execution_policy.h>

#include "kernels/feature_pass_impl.h"

namespace warpscore {

void run_feature_pass(KeyTables& tables, const PassColumns& columns, std::uint32_t first,
                      std::uint32_t count, PassMode mode, std::uint32_t workers,
                      ShardOrder& order) {
  feature_pass(thrust::tbb::par, tables, columns, first, count, mode, workers, order);
}

}  // namespace warpscore
