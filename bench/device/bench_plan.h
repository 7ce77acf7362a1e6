// The plan that the device benches measure: what a bank might ask of a payment, over Workload's
// columns.
//
// Features  customer: count, sum, mean, stddev and max of the amount over 1, 7 and 30 days, the
// last
//           amount and the seconds since; terminal: count over 1, 7 and 30 days, different
//           customers over 1 and 7 days; two expressions. 24 columns.
// Model     complete trees over all of them, with up to 255 thresholds a feature, spread over the
//           values that the feature takes.
// Thread    start-up only.
#pragma once

#include <cstdint>
#include <memory>

#include "base/dictionary.h"
#include "scoring/plan.h"

namespace warpscore {

enum class BenchFeatures : std::uint8_t {
  kAll,       // with expressions, model and alert
  kWindows,   // those of the key tables only
  kSeenLast,  // one table that keeps no rows: its index is what it costs
};

struct BenchPlanOptions {
  BenchFeatures features = BenchFeatures::kAll;
  std::uint32_t trees = 100;
  std::uint32_t depth = 6;
};

class BenchPlan {
 public:
  explicit BenchPlan(const BenchPlanOptions& options);

  [[nodiscard]] const Plan& plan() const { return *plan_; }

  // Bytes of device memory that the feature pass cannot do without for one transaction: the columns
  // it reads and writes, the cell of the index, the slot read and written, the row written, two
  // times read at each edge to see where it is, and at each edge the sums that are asked for there.
  // Not counted: sorting, what extremes and distinct values look through, and whole sectors where
  // a part is wanted. So it is a lower bound, and the share of the copy bandwidth is one too.
  [[nodiscard]] double useful_bytes() const;

  // Bytes of the pool that an account and a terminal take once they have held so many rows, with
  // the smaller rings that they gave back; indexes included.
  [[nodiscard]] double bytes_each(std::uint32_t rows) const;

 private:
  Dictionary dictionary_;
  std::unique_ptr<Plan> plan_;
};

}  // namespace warpscore
