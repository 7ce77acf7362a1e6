// Models trained by XGBoost itself (make_models.py): every margin of every implementation, from
// both formats, plain and gzipped, must be XGBoost's bit for bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "scoring/model_file.h"
#include "scoring/sigmoid.h"

namespace warpscore {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = WARPSCORE_XGBOOST_MODELS;

struct Case {
  std::string name;
  std::size_t features = 0;
  std::size_t rows = 0;
  std::uint32_t trees = 0;
};

std::vector<Case> read_cases() {
  std::ifstream list(kFolder / "models.txt");
  std::vector<Case> cases;
  for (Case one; list >> one.name >> one.features >> one.rows >> one.trees;) cases.push_back(one);
  return cases;
}

std::vector<float> read_floats(const fs::path& path, std::size_t count) {
  std::vector<float> floats(count);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(floats.data()),
            static_cast<std::streamsize>(count * sizeof(float)));
  EXPECT_TRUE(file) << path;
  return floats;
}

struct Columns {
  Columns(const std::vector<float>& rows_of_x, std::size_t rows, std::size_t features)
      : values(rows * features) {
    for (std::size_t f = 0; f < features; ++f) {
      for (std::size_t r = 0; r < rows; ++r) values[f * rows + r] = rows_of_x[r * features + f];
      pointers.push_back(values.data() + f * rows);
    }
  }
  std::vector<float> values;
  std::vector<const float*> pointers;
};

std::size_t differing(const std::vector<float>& a, const std::vector<float>& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    count += std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i]);
  }
  return count;
}

class XgboostTest : public testing::Test {
 protected:
  void SetUp() override {
    cases_ = read_cases();
    if (cases_.empty()) {
      GTEST_SKIP() << "no models in " << kFolder
                   << ": they are trained by XGBoost, and there was no Python with xgboost-cpu at "
                      "WARPSCORE_PYTHON when this build was configured (scripts/setup brings it)";
    }
  }
  std::vector<Case> cases_;
};

TEST_F(XgboostTest, EveryMarginBitForBit) {
  std::size_t compared = 0;
  std::size_t rows = 0;
  for (const Case& one : cases_) {
    SCOPED_TRACE(one.name);
    const auto x = read_floats(kFolder / (one.name + ".x"), one.rows * one.features);
    const auto expected = read_floats(kFolder / (one.name + ".margin"), one.rows);
    const Columns columns(x, one.rows, one.features);
    rows += one.rows;
    for (const char* extension : {".json", ".ubj", ".json.gz", ".ubj.gz"}) {
      SCOPED_TRACE(extension);
      const Model model = load_model(kFolder / (one.name + extension));
      ASSERT_EQ(model.kind, ModelKind::kForest);
      EXPECT_EQ(model.feature_count, one.features);
      EXPECT_EQ(model.tree_count, one.trees);
      Forest::Scratch scratch(*model.forest);
      std::vector<float> margins(one.rows);
      model.forest->margins(columns.pointers.data(), one.rows, margins.data(), scratch);
      EXPECT_EQ(differing(margins, expected), 0U);
      if (std::string_view(extension) != ".json") continue;
      for (const ForestImplementation implementation : forest_implementations()) {
        std::fill(margins.begin(), margins.end(), 0.0F);
        model.forest->margins(implementation, columns.pointers.data(), one.rows, margins.data(),
                              scratch);
        EXPECT_EQ(differing(margins, expected), 0U) << name_of(implementation);
        compared += one.rows;
      }
    }
  }
  std::printf("%zu models, %zu rows, %zu margins compared over:", cases_.size(), rows, compared);
  for (const ForestImplementation implementation : forest_implementations()) {
    std::printf(" %s", name_of(implementation));
  }
  std::printf("\n");
  EXPECT_GE(rows, 1'000'000U);
}

TEST_F(XgboostTest, ProbabilityWithinOneMillionth) {
  double worst = 0.0;
  for (const Case& one : cases_) {
    const auto margins = read_floats(kFolder / (one.name + ".margin"), one.rows);
    const auto probabilities = read_floats(kFolder / (one.name + ".prob"), one.rows);
    for (std::size_t r = 0; r < one.rows; ++r) {
      worst = std::max(worst, std::abs(sigmoid(margins[r]) - probabilities[r]));
    }
  }
  std::printf("largest difference to XGBoost's probability: %.3g\n", worst);
  EXPECT_LT(worst, 1e-6);
}

}  // namespace
}  // namespace warpscore
