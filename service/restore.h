// Rebuilds the state after a start: reads the changelog, then the input again in the order in which
// it had been applied, with output suppressed (design section 5).
//
// Order    read_chain first (quick: manifests only), then the claim is written, then rebuild_state.
// Errors   ChangelogError: the chain is broken or foreign. RestoreError: the input no longer holds
//          what the changelog says was applied. KafkaError. Never a silent start with empty state.
#pragma once

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/dictionary.h"
#include "base/input_range.h"
#include "base/schema.h"
#include "ingest/decode.h"
#include "publish/changelog_reader.h"
#include "scoring/engine.h"

namespace warpscore {

class RestoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct RestorePlace {
  ChangelogPlace changelog;
  std::string input_topic;
  std::string labels_topic;  // "" if there is none
};

struct ChainSummary {
  ChainEnd end;
  std::vector<InputPosition> positions;  // as of the last manifest
  std::int64_t offset = 0;               // of the changelog, after the last one
  std::uint64_t messages = 0;            // that rebuild_state will read
};

[[nodiscard]] ChainSummary read_chain(const RestorePlace& place);

struct RebuildInput {
  const RestorePlace& place;
  const ChainSummary& chain;
  const Schema& schema;
  Dictionary& dictionary;
  const DecodeOptions& decode;
  std::uint32_t batch_max = 0;
  const std::atomic<bool>& stop;
};

// false: asked to stop meanwhile.
[[nodiscard]] bool rebuild_state(const RebuildInput& input, Engine& engine);

}  // namespace warpscore
