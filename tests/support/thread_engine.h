// The engine of a GPU, with every kernel of it, on host threads (tests/support/thread_queue.h).
//
// What it leaves open, and how rare its rare cases are, is drawn from the seed: batches grouped by
// one team or by the sort, runs walked, applied by a team or by all, indexes that begin with a few
// cells, small stretches.
#pragma once

#include <cstdint>
#include <memory>

#include "scoring/engine_backend.h"
#include "scoring/plan.h"

namespace warpscore {

struct ThreadEngineOptions {
  std::uint64_t seed = 1;
  bool asynchronous = false;
  std::uint32_t workers = 1;
  std::uint64_t pool_bytes = std::uint64_t{64} << 20;
};

[[nodiscard]] std::unique_ptr<EngineBackend> open_thread_engine(const Plan& plan,
                                                                const EngineOptions& options,
                                                                const ThreadEngineOptions& threads);

}  // namespace warpscore
