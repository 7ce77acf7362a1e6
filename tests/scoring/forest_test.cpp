// Forests by hand and at random: every implementation present against plain walking, bit for bit.
#include "scoring/forest.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "scoring/forest_plan.h"

// Counts every allocation of this program, for the test that wants none. Not inlined: g++ would see
// malloc and delete, or new and free, and warn of a mismatch.
static std::size_t g_allocations = 0;

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++g_allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t alignment) {
  ++g_allocations;
  const auto unit = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t) noexcept {
  std::free(memory);
}

namespace warpscore {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Shape {
  std::uint32_t trees;
  std::uint32_t features;
  std::uint32_t leaves;        // of each tree
  std::uint32_t depth_max;     // splits grow no deeper
  std::uint32_t values;        // distinct thresholds of a feature
  bool deepest_first = false;  // grows chains instead of bushes
};

struct Built {
  std::vector<ForestNode> nodes;
  std::vector<std::uint32_t> roots;
};

// Grows each tree by splitting leaves at random, or always the newest.
Built grow(const Shape& shape, std::mt19937& random) {
  Built built;
  for (std::uint32_t t = 0; t < shape.trees; ++t) {
    struct Leaf {
      std::uint32_t number, depth;
    };
    const auto root = static_cast<std::uint32_t>(built.nodes.size());
    built.roots.push_back(root);
    built.nodes.push_back({});
    std::vector<Leaf> leaves = {{root, 0}};
    for (std::uint32_t n = 1; n < shape.leaves && !leaves.empty(); ++n) {
      const std::size_t pick = shape.deepest_first ? leaves.size() - 1 : random() % leaves.size();
      const Leaf leaf = leaves[pick];
      leaves.erase(leaves.begin() + static_cast<std::ptrdiff_t>(pick));
      if (leaf.depth == shape.depth_max) continue;
      const auto left = static_cast<std::uint32_t>(built.nodes.size());
      built.nodes[leaf.number] = {static_cast<float>(random() % shape.values) - 3.0F,
                                  static_cast<std::uint32_t>(random() % shape.features), left,
                                  static_cast<std::uint32_t>(random() % 2)};
      built.nodes.insert(built.nodes.end(), 2, ForestNode{});
      leaves.push_back({left, leaf.depth + 1});
      leaves.push_back({left + 1, leaf.depth + 1});
    }
  }
  std::normal_distribution<float> value(0.0F, 0.3F);
  for (ForestNode& node : built.nodes) {
    if (node.left == 0) node.value = value(random);
  }
  return built;
}

struct Table {
  std::vector<std::vector<float>> columns;
  std::vector<const float*> pointers;
};

// Values on, between and beyond the thresholds, and some missing.
Table make_table(const Shape& shape, std::size_t rows, std::mt19937& random) {
  Table table;
  for (std::uint32_t f = 0; f < shape.features; ++f) {
    std::vector<float> column(rows);
    for (float& value : column) {
      value = static_cast<float>(random() % (2 * shape.values + 4)) / 2.0F - 4.0F;
      const std::uint32_t kind = random() % 50;
      if (kind < 3) value = kNan;
      if (kind == 3) value = kInfinity;
      if (kind == 4) value = -kInfinity;
      if (kind == 5) value = -0.0F;
    }
    table.columns.push_back(std::move(column));
  }
  for (const auto& column : table.columns) table.pointers.push_back(column.data());
  return table;
}

void expect_all_alike(const Shape& shape, std::size_t rows, std::uint32_t seed) {
  std::mt19937 random(seed);
  Built built = grow(shape, random);
  const Forest forest(built.nodes, built.roots, shape.features, -0.25F);
  Forest::Scratch scratch(forest);
  const Table table = make_table(shape, rows, random);
  std::vector<float> expected(rows);
  for (std::size_t r = 0; r < rows; ++r) {
    expected[r] = walk_forest(forest.view(), [&](std::uint32_t f) { return table.columns[f][r]; });
  }
  for (const ForestImplementation implementation : forest_implementations()) {
    std::vector<float> margins(rows + 1, 7.0F);
    forest.margins(implementation, table.pointers.data(), rows, margins.data(), scratch);
    std::size_t differing = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      differing +=
          std::bit_cast<std::uint32_t>(margins[r]) != std::bit_cast<std::uint32_t>(expected[r]);
    }
    EXPECT_EQ(differing, 0U) << name_of(implementation) << ", rows " << rows << ", leaves "
                             << shape.leaves << ", depth " << shape.depth_max;
    EXPECT_EQ(margins[rows], 7.0F) << name_of(implementation) << " wrote past the end";
  }
}

TEST(ForestTest, SaysWhichImplementationsRun) {
  std::string names;
  for (const ForestImplementation implementation : forest_implementations()) {
    names += std::string(" ") + name_of(implementation);
  }
  std::printf("implementations that run here:%s\n", names.c_str());
  ASSERT_GE(forest_implementations().size(), 2U);
  EXPECT_EQ(forest_implementations().front(), ForestImplementation::kWalk);
}

TEST(ForestTest, OneSplit) {
  const Forest forest({{1.5F, 0, 1, 1}, {-2.0F, 0, 0, 0}, {3.0F, 0, 0, 0}}, {0}, 1, 0.5F);
  Forest::Scratch scratch(forest);
  const std::vector<float> column = {1.0F, 1.5F, 2.0F, kNan, -kInfinity, kInfinity};
  const std::vector<float> expected = {-1.5F, 3.5F, 3.5F, 3.5F, -1.5F, 3.5F};
  const float* columns[] = {column.data()};
  for (const ForestImplementation implementation : forest_implementations()) {
    std::vector<float> margins(column.size());
    forest.margins(implementation, columns, column.size(), margins.data(), scratch);
    EXPECT_EQ(margins, expected) << name_of(implementation);
  }
}

TEST(ForestTest, MissingGoesLeftWhereTheNodeSaysSo) {
  // The same question twice, with both defaults: the masks must not be shared.
  const Forest forest({{0.0F, 0, 1, 0},
                       {1.0F, 0, 0, 0},
                       {2.0F, 0, 0, 0},
                       {0.0F, 0, 4, 1},
                       {10.0F, 0, 0, 0},
                       {20.0F, 0, 0, 0}},
                      {0, 3}, 1, 0.0F);
  Forest::Scratch scratch(forest);
  const std::vector<float> column = {kNan, -1.0F, 0.0F, -0.0F};
  const float* columns[] = {column.data()};
  const std::vector<float> expected = {21.0F, 11.0F, 22.0F, 22.0F};
  for (const ForestImplementation implementation : forest_implementations()) {
    std::vector<float> margins(column.size());
    forest.margins(implementation, columns, column.size(), margins.data(), scratch);
    EXPECT_EQ(margins, expected) << name_of(implementation);
  }
}

TEST(ForestTest, WithoutTreesTheBaseIsTheMargin) {
  const Forest forest({}, {}, 0, -0.0F);
  Forest::Scratch scratch(forest);
  for (const ForestImplementation implementation : forest_implementations()) {
    std::vector<float> margins(600, 1.0F);
    forest.margins(implementation, nullptr, margins.size(), margins.data(), scratch);
    for (const float margin : margins) {
      EXPECT_EQ(std::bit_cast<std::uint32_t>(margin), 0x80000000U);
    }
  }
}

TEST(ForestTest, AnyNumberOfRows) {
  for (const std::size_t rows : {0, 1, 2, 7, 8, 63, 64, 65, 511, 512, 513, 1024, 1500}) {
    expect_all_alike({30, 6, 20, 6, 40}, rows, 1);
  }
}

TEST(ForestTest, ManyShapes) {
  std::uint32_t seed = 10;
  for (const std::uint32_t leaves :
       {1, 2, 3, 5, 16, 17, 32, 33, 64, 65, 100, 128, 200, 256, 257, 400, 1000, 4096, 4097, 6000}) {
    for (const std::uint32_t depth : {1U, 4U, 6U, 8U, 9U, 14U, 1000U}) {
      expect_all_alike({8, 5, leaves, depth, 60}, 700, ++seed);
    }
  }
}

TEST(ForestTest, Chains) {
  for (const std::uint32_t leaves : {9U, 40U, 256U, 300U, 3000U, 5000U}) {
    expect_all_alike({4, 3, leaves, leaves, 100, true}, 600, leaves);
  }
}

TEST(ForestTest, AnyNumberOfThresholds) {
  for (const std::uint32_t values :
       {1, 2, 3, 4, 7, 8, 15, 16, 31, 63, 64, 127, 128, 254, 255, 256, 257, 511, 600, 2000}) {
    expect_all_alike({60, 2, 64, 8, values}, 600, values);
  }
}

TEST(ForestTest, BalancedTreesTakePathsAsCodes) {
  std::mt19937 random(5);
  const Shape shape{3, 4, 64, 6, 1000};
  const Built built = grow({3, 4, 1'000'000, 6, 1000}, random);
  ASSERT_EQ(built.nodes.size(), 3U * 127U);
  const ForestView view{built.nodes.data(), built.roots.data(), 3, shape.features, 0.0F};
  const ForestPlan plan = make_forest_plan(view, built.nodes.size());
  for (const TreePlan& tree : plan.trees) {
    EXPECT_EQ(tree.code_bits, 6U);
    EXPECT_EQ(tree.op_count, 57U);
  }
}

TEST(ForestTest, ScoresWithoutAllocating) {
  std::mt19937 random(8);
  const Shape shape{20, 6, 400, 12, 300};
  Built built = grow(shape, random);
  const Forest forest(built.nodes, built.roots, shape.features, 0.0F);
  Forest::Scratch scratch(forest);
  const Table table = make_table(shape, 1000, random);
  std::vector<float> margins(1000);
  for (const ForestImplementation implementation : forest_implementations()) {
    const std::size_t before = g_allocations;
    forest.margins(implementation, table.pointers.data(), 1000, margins.data(), scratch);
    EXPECT_EQ(g_allocations, before) << name_of(implementation);
  }
}

TEST(ForestTest, MovesWithItsPlan) {
  std::mt19937 random(6);
  const Shape shape{5, 4, 30, 6, 100};
  Built built = grow(shape, random);
  Forest first(built.nodes, built.roots, shape.features, 0.0F);
  Forest::Scratch scratch(first);
  const Forest second = std::move(first);
  const Table table = make_table(shape, 100, random);
  std::vector<float> margins(100);
  second.margins(table.pointers.data(), 100, margins.data(), scratch);
  const auto row = [&](std::uint32_t f) { return table.columns[f][99]; };
  EXPECT_EQ(margins[99], walk_forest(second.view(), row));
}

TEST(ForestDeathTest, RefusesAScratchOfAnotherForest) {
  const Forest one({{1.0F, 0, 0, 0}}, {0}, 0, 0.0F);
  const Forest other({{1.0F, 0, 0, 0}}, {0}, 0, 0.0F);
  Forest::Scratch scratch(other);
  float margin = 0.0F;
  EXPECT_DEATH(one.margins(nullptr, 1, &margin, scratch), "broken invariant");
}

TEST(ForestDeathTest, RefusesNodesThatAreNoForest) {
  EXPECT_DEATH(Forest({{1.0F, 0, 5, 0}}, {0}, 1, 0.0F), "broken invariant");
  EXPECT_DEATH(Forest({{1.0F, 0, 0, 0}}, {1}, 1, 0.0F), "broken invariant");
}

}  // namespace
}  // namespace warpscore
