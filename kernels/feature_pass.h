// The feature pass: applies a batch to every key table and fills the columns of its queries.
//
// Order    transactions of one key in the order of the batch, whatever the number of workers; so
//          the outputs are the same for every split and every backend (design S4).
// Thread   called by the thread that owns the tables; `workers` tells how the work may be shared.
#pragma once

#include <cstdint>
#include <memory>

#include "kernels/key_tables.h"
#include "kernels/pass_columns.h"

namespace warpscore {

// Row numbers of a batch grouped by shard: scratch of the pass, sized once.
struct ShardOrder {
  explicit ShardOrder(std::uint32_t rows_max)
      : rows(std::make_unique<std::uint32_t[]>(rows_max)),
        hashes(std::make_unique<std::uint64_t[]>(rows_max)) {}
  std::unique_ptr<std::uint32_t[]> rows;
  std::unique_ptr<std::uint64_t[]> hashes;
};

enum class PassMode : std::uint8_t {
  kAnswer,  // apply and fill the outputs
  kApply,   // apply only: state is being rebuilt
};

// Rows [first, first + count) of the batch.
void run_feature_pass(KeyTables& tables, const PassColumns& columns, std::uint32_t first,
                      std::uint32_t count, PassMode mode, std::uint32_t workers, ShardOrder& order);

}  // namespace warpscore
