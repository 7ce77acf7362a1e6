#include "tests/support/thread_engine.h"

#include "scoring/device_engine_impl.h"
#include "tests/support/thread_queue.h"

namespace warpscore {

std::unique_ptr<EngineBackend> open_thread_engine(const Plan& plan, const EngineOptions& options,
                                                  const ThreadEngineOptions& threads) {
  std::uint64_t draws = 0;
  const auto one_of = [&](std::initializer_list<std::uint32_t> choices) {
    return choices.begin()[mixed(threads.seed, ++draws) % choices.size()];
  };
  DeviceEngineOptions device;
  device.pool_bytes = threads.pool_bytes;
  device.sizes.short_run = one_of({1, 3, 16});
  device.sizes.hot_run = device.sizes.short_run + one_of({1, 20, 4096});
  device.sizes.small_batch = one_of({0, 30, 4096});
  device.first_cells = one_of({8, 64, 4096});
  device.long_teams = one_of({1, 2, 5});
  device.long_rows = one_of({8, 33, 1024});
  device.rows_at_once = one_of({1, 7, 256});
  device.description = "cuda: host threads";
  ThreadQueueOptions queue;
  queue.seed = threads.seed;
  queue.asynchronous = threads.asynchronous;
  queue.workers = threads.workers;
  return std::make_unique<DeviceEngine<ThreadQueue>>(plan, options, device,
                                                     std::make_unique<ThreadQueue>(queue));
}

}  // namespace warpscore
