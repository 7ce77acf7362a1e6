// Random forests and rows for tests of the tiled forest, and the margins they must have.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "scoring/forest.h"

namespace warpscore {

struct ForestShape {
  std::uint32_t trees = 10;
  std::uint32_t features = 8;
  std::uint32_t leaves = 64;      // of a tree at most
  std::uint32_t depth_max = 6;    // of every second tree; the others are less deep, some are stumps
  std::uint32_t thresholds = 40;  // distinct values of a feature
  std::uint32_t rows = 257;
  bool chains = false;  // grows each tree at its newest leaf
  std::uint32_t seed = 1;
};

struct ForestCase {
  explicit ForestCase(const ForestShape& shape);
  // Rows of a given forest: values on, between and beyond thresholds of its nodes, and missing
  // ones.
  ForestCase(Forest given, std::uint32_t row_count, std::uint32_t seed);

  Forest forest;
  std::uint32_t rows;
  std::vector<float> columns;   // feature f of row r at f * rows + r
  std::vector<float> expected;  // walk_forest row by row
};

// How many floats differ in a bit.
std::size_t differing_bits(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace warpscore
