// A batch of the labels topic, given to the engine.
//
// Memory  what is worked with grows to the largest batch seen and stays.
// Thread  the one that drives the engine.
#pragma once

#include <memory>
#include <vector>

#include "ingest/batch_pool.h"
#include "scoring/engine.h"

namespace warpscore {

class LabelBatch {
 public:
  // Applies the labels that are not rejected. One that finds no transaction is to be a dead letter:
  // it is marked as rejected.
  void apply(ReadBatch& batch, Engine& engine);

 private:
  std::vector<Label> labels_;
  std::vector<ReadLabel*> sources_;
  std::vector<std::uint8_t> found_;
};

}  // namespace warpscore
