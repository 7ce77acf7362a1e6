// The CSV that `warpscore features` writes: one line per transaction, in the order applied.
//
// Layout   id (under its name in the input), every feature in the order configured, margin, score,
//          rules (names of the alerts that fired, shadow ones left out, joined by ';'), and only
//          where a history limit is configured: truncated (names of features, joined by ';').
// Values   missing: empty; boolean 0/1; integer exact; decimal with all digits of its scale; time
//          epoch ms; duration ms; double the shortest text that reads back equal, inf and -inf;
//          margin of a forest the shortest that reads back as the same float32.
// Thread   const after construction; any number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/batch.h"
#include "publish/shape.h"
#include "scoring/results.h"

namespace warpscore {

class FeatureCsv {
 public:
  explicit FeatureCsv(OutputShape shape);
  void append_header(std::string& out) const;
  void append_row(std::string& out, const Batch& batch, const Results& results,
                  std::uint32_t row) const;
  // All rows of the batch but those that the engine refused.
  void append_rows(std::string& out, const Batch& batch, const Results& results) const;

 private:
  OutputShape shape_;
  std::vector<std::string> feature_names_;  // quoted where CSV needs it
  std::vector<std::string> alert_names_;
};

}  // namespace warpscore
