#include "scoring/engine.h"

#include "base/check.h"
#include "scoring/device_engine.h"
#include "scoring/host_engine.h"

namespace warpscore {
namespace {

std::unique_ptr<EngineBackend> open_backend(const Plan& plan, const EngineOptions& options) {
  switch (options.device) {
    case Device::kCpu:
      return open_host_engine(plan, options);
    case Device::kCuda:
      return open_cuda_engine(plan, options);
  }
  return nullptr;
}

}  // namespace

Engine::Engine(const Plan& plan, const EngineOptions& options)
    : Engine(open_backend(plan, options)) {}

Engine::Engine(std::unique_ptr<EngineBackend> backend)
    : backend_(std::move(backend)), in_flight_max_(backend_->in_flight_max()) {
  WARPSCORE_CHECK(in_flight_max_ > 0);
}

void Engine::prepare(Results& results) {
  if (!results.memory) backend_->prepare(results);
}

void Engine::submit(const BatchView& batch, Results& results) {
  WARPSCORE_CHECK(batch.size > 0 && in_flight_ < in_flight_max_);
  prepare(results);
  results.size = batch.size;
  backend_->submit(batch, results);
  ++in_flight_;
}

bool Engine::finish_oldest(bool wait) {
  WARPSCORE_CHECK(in_flight_ > 0);
  if (!backend_->finish_oldest(wait)) return false;
  --in_flight_;
  return true;
}

void Engine::process(const BatchView& batch, Results& results) {
  WARPSCORE_CHECK(in_flight_ == 0);
  if (batch.size == 0) {
    prepare(results);
    results.size = 0;
    return;
  }
  submit(batch, results);
  finish_oldest(true);
}

void Engine::replay(const BatchView& batch) {
  if (batch.size != 0) backend_->replay(batch);
}

void Engine::apply_labels(std::span<const Label> labels, std::uint8_t* found) {
  if (!labels.empty()) backend_->apply_labels(labels, found);
}

bool Engine::apply_label(const Label& label) {
  std::uint8_t found = 0;
  apply_labels({&label, 1}, &found);
  return found != 0;
}

}  // namespace warpscore
