// Model files: what is trusted to score is read, checked to the last index and made ready here.
//
// Files    XGBoost JSON and UBJSON of versions 1.x to 3.x (binary:logistic, reg:logistic, booster
//          gbtree), and logistic regression as JSON {features, mean, scale, coef, intercept}; each
//          plain or gzipped. The kind is told by the content, never by the file's name.
// Owner    a Model owns all it needs; the file can go.
// Version  the first 12 hex digits of the SHA-256 of the file's bytes as they lie on disk (so
//          `sha256sum` shows the same), "-", and the number of trees used ("-lr" for logistic).
// Errors   ModelError: file, place in it, what is wrong and what mends it, in one sentence.
//          A hostile file ends in a ModelError, never in a crash or in unbounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "scoring/forest.h"
#include "scoring/logistic.h"

namespace warpscore {

enum class ModelKind : std::uint8_t { kForest, kLogistic };

struct Model {
  ModelKind kind = ModelKind::kForest;
  std::uint32_t feature_count = 0;
  std::uint32_t tree_count = 0;            // those that score: up to best_iteration; 0 for logistic
  std::vector<std::string> feature_names;  // empty, or feature_count of them
  std::string version;
  std::optional<Forest> forest;      // set if kind is kForest
  std::optional<Logistic> logistic;  // set if kind is kLogistic
};

class ModelError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

Model load_model(const std::filesystem::path& path);

// The same from memory; `name` is what errors call the file.
Model parse_model(std::span<const std::byte> bytes, std::string_view name);

}  // namespace warpscore
