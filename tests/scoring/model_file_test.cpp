// Model files as they come: formats, what is refused and in which words, and the small arithmetic
// that goes with them.
#include "scoring/model_file.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "scoring/sha256.h"
#include "scoring/sigmoid.h"

namespace warpscore {
namespace {

// One split at 1.5 and a single leaf, as XGBoost 3 writes it.
constexpr std::string_view kModel = R"({"learner":{"attributes":{},"feature_names":["amount","n"],
"feature_types":["float","int"],"gradient_booster":{"model":{"gbtree_model_param":
{"num_parallel_tree":"1","num_trees":"2"},"iteration_indptr":[0,1,2],"tree_info":[0,0],"trees":[
{"base_weights":[0,0,0],"categories":[],"default_left":[1,0,0],"id":0,"left_children":[1,-1,-1],
"loss_changes":[1E0,Infinity,NaN],"parents":[2147483647,0,0],"right_children":[2,-1,-1],
"split_conditions":[1.5E0,-2E0,3E0],"split_indices":[1,0,0],"split_type":[0,0,0],
"sum_hessian":[1,1,1],"tree_param":{"num_deleted":"0","num_feature":"2","num_nodes":"3",
"size_leaf_vector":"1"}},
{"default_left":[0],"left_children":[-1],"right_children":[-1],"split_conditions":[0.25],
"split_indices":[0],"tree_param":{"num_nodes":"1"}}]},"name":"gbtree"},
"learner_model_param":{"base_score":"[5E-1]","num_class":"0","num_feature":"2","num_target":"1"},
"objective":{"name":"binary:logistic"}},"version":[3,2,0]})";

constexpr std::string_view kLogistic = R"({"features":["a","b"],"mean":[1,2.5],"scale":[2,0.5],
"coef":[3,-1],"intercept":0.125})";

std::string replaced(std::string_view from, std::string_view to) {
  std::string text(kModel);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

Model parse(std::string_view text) {
  return parse_model(std::as_bytes(std::span<const char>(text.data(), text.size())), "m.json");
}

std::string error_of(std::string_view text) {
  try {
    parse(text);
  } catch (const ModelError& error) {
    return error.what();
  }
  return "";
}

void expect_error(std::string_view text, std::string_view place, std::string_view words) {
  const std::string error = error_of(text);
  EXPECT_EQ(error.rfind("m.json: ", 0), 0U) << error;
  EXPECT_NE(error.find(place), std::string::npos) << error << "\nlacks " << place;
  EXPECT_NE(error.find(words), std::string::npos) << error << "\nlacks " << words;
}

std::string gzipped(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

float margin_of(const Model& model, float amount, float n) {
  const float row[] = {amount, n};
  return walk_forest(model.forest->view(), [&](std::uint32_t f) { return row[f]; });
}

TEST(ModelFileTest, ReadsAForest) {
  const Model model = parse(kModel);
  EXPECT_EQ(model.kind, ModelKind::kForest);
  EXPECT_EQ(model.feature_count, 2U);
  EXPECT_EQ(model.tree_count, 2U);
  EXPECT_EQ(model.feature_names, (std::vector<std::string>{"amount", "n"}));
  EXPECT_EQ(margin_of(model, 9.0F, 1.0F), -1.75F);
  EXPECT_EQ(margin_of(model, 9.0F, 1.5F), 3.25F);
  EXPECT_EQ(margin_of(model, 9.0F, std::numeric_limits<float>::quiet_NaN()), -1.75F);
}

TEST(ModelFileTest, VersionIsTheFilesHashAndItsTrees) {
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::string million(1'000'000, 'a');
  EXPECT_EQ(sha256_hex(std::as_bytes(std::span(million))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  const auto bytes = std::as_bytes(std::span<const char>(kModel.data(), kModel.size()));
  EXPECT_EQ(parse(kModel).version, sha256_hex(bytes).substr(0, 12) + "-2");
  EXPECT_TRUE(parse(kLogistic).version.ends_with("-lr"));
}

TEST(ModelFileTest, BestIterationEndsTheForest) {
  const Model model =
      parse(replaced("\"attributes\":{}", "\"attributes\":{\"best_iteration\":\"0\"}"));
  EXPECT_EQ(model.tree_count, 1U);
  EXPECT_EQ(margin_of(model, 9.0F, 1.0F), -2.0F);
  std::string old = replaced("\"attributes\":{}", "\"attributes\":{\"best_iteration\":\"0\"}");
  old.replace(old.find("\"iteration_indptr\":[0,1,2],"), 27, "");
  EXPECT_EQ(parse(old).tree_count, 1U);
  old.replace(old.find("\"num_parallel_tree\":\"1\""), 23, "\"num_parallel_tree\":\"2\"");
  EXPECT_EQ(parse(old).tree_count, 2U);
  expect_error(replaced("\"attributes\":{}", "\"attributes\":{\"best_iteration\":\"2\"}"),
               "learner.attributes.best_iteration", "the model has not");
}

TEST(ModelFileTest, BaseScoreIsALogitInFloat) {
  for (const char* text : {"\"5E-1\"", "\"[2.5E-1]\"", "\"0.999\"", "\"1E0\"", "\"0\""}) {
    const Model model = parse(replaced("\"[5E-1]\"", text));
    std::string digits(text);
    std::erase_if(digits, [](char c) { return c == '"' || c == '[' || c == ']'; });
    const float score = std::min(std::max(std::stof(digits), 1e-6F), 1.0F - 1e-6F);
    EXPECT_EQ(model.forest->view().base_margin, -std::log(1.0F / score - 1.0F)) << text;
  }
  expect_error(replaced("\"[5E-1]\"", "\"1.5\""), "base_score", "no probability");
  expect_error(replaced("\"[5E-1]\"", "\"x\""), "base_score", "no probability");
  expect_error(replaced("\"[5E-1]\"", "\"[5E-1,5E-1]\""), "base_score", "several base scores");
}

TEST(ModelFileTest, RefusesWhatItCannotScore) {
  expect_error(replaced("binary:logistic", "multi:softprob"), "learner.objective.name",
               "train with binary:logistic");
  expect_error(replaced("\"name\":\"gbtree\"", "\"name\":\"dart\""),
               "learner.gradient_booster.name", "DART");
  expect_error(replaced("\"name\":\"gbtree\"", "\"name\":\"gblinear\""),
               "learner.gradient_booster.name", "has no trees");
  expect_error(replaced("\"num_class\":\"0\"", "\"num_class\":\"3\""), "num_class", "classes");
  expect_error(replaced("\"num_target\":\"1\"", "\"num_target\":\"2\""), "num_target", "targets");
  expect_error(replaced("\"size_leaf_vector\":\"1\"", "\"size_leaf_vector\":\"2\""),
               "trees[0].tree_param.size_leaf_vector", "vectors");
  expect_error(replaced("\"split_type\":[0,0,0]", "\"split_type\":[0,1,0]"),
               "trees[0].split_type[1]", "categorical");
  expect_error(replaced("\"categories\":[]", "\"categories\":[3]"), "trees[0].categories",
               "categorical");
  expect_error(replaced("\"int\"", "\"c\""), "learner.feature_types[1]", "categorical");
  expect_error(replaced("\"tree_info\":[0,0]", "\"tree_info\":[0,1]"), "tree_info", "classes");
  expect_error(replaced("\"version\":[3,2,0]", "\"version\":[4,0,0]"), "version", "unknown");
}

TEST(ModelFileTest, RefusesBrokenTrees) {
  const std::string_view left = "\"left_children\":[1,-1,-1]";
  expect_error(replaced(left, "\"left_children\":[7,-1,-1]"),
               "learner.gradient_booster.model.trees[0].left_children[0]", "is no node");
  expect_error(replaced(left, "\"left_children\":[0,-1,-1]"), "left_children[0]", "is no node");
  expect_error(replaced(left, "\"left_children\":[1.5,-1,-1]"), "left_children[0]", "is no node");
  expect_error(replaced(left, "\"left_children\":[2,-1,-1]"), "right_children[0]", "two parents");
  expect_error(replaced(left, "\"left_children\":[1,-1]"), "left_children", "2 numbers for 3");
  expect_error(replaced(left, "\"left_children\":[-1,-1,-1]"), "left_children", "is no node");
  expect_error(replaced(left, "\"left_children\":[1,\"x\",-1]"), "left_children", "mixes");
  std::string lost = replaced(left, "\"left_children\":[-1,-1,-1]");
  lost.replace(lost.find("\"right_children\":[2"), 19, "\"right_children\":[-1");
  expect_error(lost, "trees[0].left_children[1]", "no other leads to");
  expect_error(replaced("\"split_indices\":[1,0,0]", "\"split_indices\":[2,0,0]"),
               "split_indices[0]", "is no feature");
  expect_error(replaced("[1.5E0,-2E0,3E0]", "[1.5E0,-2E0,1E39]"), "split_conditions", "too large");
  expect_error(replaced("[1.5E0,-2E0,3E0]", "[NaN,-2E0,3E0]"), "split_conditions", "");
  expect_error(replaced("\"default_left\":[1,0,0]", "\"default_left\":[2,0,0]"), "default_left[0]",
               "neither 0 nor 1");
  expect_error(replaced("\"num_trees\":\"2\"", "\"num_trees\":\"3\""), "trees", "num_trees");
  expect_error(replaced("\"num_trees\":\"2\"", "\"num_trees\":\"200000\""), "num_trees",
               "not within 0 and 100000");
  expect_error(replaced("\"num_nodes\":\"3\"", "\"num_nodes\":\"999999999999\""), "num_nodes",
               "not within");
  expect_error(replaced("\"feature_names\":[\"amount\",\"n\"]", "\"feature_names\":[\"amount\"]"),
               "feature_names", "1 names for 2");
}

TEST(ModelFileTest, DeletedNodesArePassedOver) {
  std::string pruned = replaced("\"left_children\":[1,-1,-1]", "\"left_children\":[-1,-1,-1]");
  pruned.replace(pruned.find("\"right_children\":[2"), 19, "\"right_children\":[-1");
  pruned.replace(pruned.find("[1,0,0],\"split_type"), 7, "[0,2147483647,2147483647]");
  const Model model = parse(pruned);
  EXPECT_EQ(model.forest->nodes().size(), 2U);
  EXPECT_EQ(margin_of(model, 0.0F, 0.0F), 1.75F);
}

TEST(ModelFileTest, DefaultLeftMayBeBooleans) {
  const Model model =
      parse(replaced("\"default_left\":[1,0,0]", "\"default_left\":[true,false,false]"));
  EXPECT_EQ(margin_of(model, 0.0F, std::numeric_limits<float>::quiet_NaN()), -1.75F);
}

TEST(ModelFileTest, RefusesWhatIsNoModel) {
  expect_error("", "", "neither JSON nor UBJSON");
  expect_error("binf", "", "neither JSON nor UBJSON");
  expect_error("[1,2]", "", "neither JSON nor UBJSON");
  expect_error("{}", "", "JSON but no model");
  expect_error("{\"a\":1}", "", "JSON but no model");
  expect_error(std::string_view(kModel).substr(0, 700), "", "complete");
  expect_error(std::string(kModel) + "x", "", "");
  expect_error("{\"learner\":3}", "learner", "expected an object");
  expect_error("{\"learner\":{}}", "learner.objective", "is missing");
  std::string deep = "{\"learner\":";
  for (int i = 0; i < 100; ++i) deep += "{\"a\":";
  deep += "1" + std::string(101, '}');
  expect_error(deep, "learner.a", "nested too deeply");
}

TEST(ModelFileTest, GzipIsUnpackedWhateverTheName) {
  const Model model = parse(gzipped(kModel));
  EXPECT_EQ(margin_of(model, 9.0F, 1.5F), 3.25F);
  const std::string two = gzipped(kModel.substr(0, 100)) + gzipped(kModel.substr(100));
  EXPECT_EQ(parse(two).tree_count, 2U);
  const std::string packed = gzipped(kModel);
  expect_error(packed.substr(0, packed.size() / 2), "", "damaged or ends too early");
  expect_error(packed + "rest", "", "damaged or ends too early");
}

TEST(ModelFileTest, GzipBombsEndAtTheLimit) {
  std::string packed;
  const std::string part = gzipped(std::string(std::size_t{64} << 20, ' '));
  for (int i = 0; i < 17; ++i) packed += part;
  expect_error(packed, "", "more than 1 GiB");
}

TEST(ModelFileTest, UbjsonLengthsAreCheckedFirst) {
  const auto word = [](std::int64_t value) {
    std::string text = "L";
    for (int shift = 56; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
    return text;
  };
  const std::string key = "{" + word(1) + "a";
  expect_error(key + "[$d#" + word(std::int64_t{1} << 60), "a", "passes the end of the file");
  expect_error(key + "[#" + word(-1), "a", "negative");
  expect_error(key + "[$Z#" + word(1'000'000'000), "a", "holds no numbers");
  expect_error("{" + word(1'000'000), "", "passes the end of the file");
  expect_error(key + "H", "a", "unknown or unsupported");
  expect_error(key + "l\x01", "a", "ends too early");
  std::string deep = key;
  for (int i = 0; i < 100; ++i) deep += "[[";
  expect_error(deep, "a", "nested too deeply");
  expect_error(key + "Z}", "learner", "is missing");
}

TEST(ModelFileTest, LoadsFromDiskAndSaysTheName) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("warpscore_model_" + std::to_string(::getpid()) + ".bin");
  std::ofstream(path, std::ios::binary) << kModel;
  EXPECT_EQ(load_model(path).tree_count, 2U);
  std::filesystem::remove(path);
  try {
    load_model(path);
    ADD_FAILURE() << "loaded a file that is not there";
  } catch (const ModelError& error) {
    EXPECT_EQ(std::string(error.what()).rfind(path.string(), 0), 0U) << error.what();
  }
}

TEST(LogisticTest, OneFixedOrder) {
  const Model model = parse(kLogistic);
  ASSERT_EQ(model.kind, ModelKind::kLogistic);
  EXPECT_EQ(model.feature_names, (std::vector<std::string>{"a", "b"}));
  const std::vector<double> a = {1.0, 2.0, std::numeric_limits<double>::quiet_NaN()};
  const std::vector<double> b = {2.5, 4.0, 1.0};
  const double* columns[] = {a.data(), b.data()};
  std::vector<double> z(3);
  model.logistic->margins(columns, 3, z.data());
  EXPECT_EQ(z[0], 0.125);
  EXPECT_EQ(z[1], (2.0 - 1.0) / 2.0 * 3.0 + (4.0 - 2.5) / 0.5 * -1.0 + 0.125);
  EXPECT_TRUE(std::isnan(z[2]));
  EXPECT_TRUE(std::isnan(sigmoid(z[2])));
}

TEST(LogisticTest, MeanAndScaleMayBeMissing) {
  const Model model = parse(R"({"coef":[2],"intercept":1})");
  const double value = 0.1;
  const double* columns[] = {&value};
  double z = 0.0;
  model.logistic->margins(columns, 1, &z);
  EXPECT_EQ(z, 0.1 * 2.0 + 1.0);
}

TEST(LogisticTest, RefusesWhatItCannotScore) {
  expect_error(R"({"coef":[2,1],"mean":[1],"intercept":1})", "mean", "1 numbers for 2");
  expect_error(R"({"coef":[2,1],"scale":[1,0],"intercept":1})", "scale[1]", "is 0");
  expect_error(R"({"coef":[2,1]})", "intercept", "is missing");
  expect_error(R"({"coef":[2,1],"features":["a"],"intercept":1})", "features", "1 names");
}

TEST(SigmoidTest, ExpWithinTwoUnitsInTheLastPlace) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> wide(-kExpArgumentMax, kExpArgumentMax);
  std::uniform_real_distribution<double> narrow(-2.0, 2.0);
  std::int64_t worst = 0;
  for (int i = 0; i < 2'000'000; ++i) {
    const double x = i % 2 == 0 ? wide(random) : narrow(random);
    const auto ours = std::bit_cast<std::int64_t>(exp_in_range(x));
    worst = std::max(worst, std::abs(ours - std::bit_cast<std::int64_t>(std::exp(x))));
  }
  EXPECT_LE(worst, 1);
}

TEST(SigmoidTest, NeverFallsOverFloatMargins) {
  double before = 0.0;
  const auto top = std::bit_cast<std::uint32_t>(800.0F);
  for (const bool negative : {true, false}) {
    for (std::uint32_t step = 0; step <= top; step += 211) {
      const std::uint32_t magnitude = negative ? top - step : step;
      const float margin = std::bit_cast<float>(magnitude) * (negative ? -1.0F : 1.0F);
      const double now = sigmoid(static_cast<double>(margin));
      ASSERT_GE(now, before) << margin;
      before = now;
    }
  }
  EXPECT_EQ(before, 1.0);
}

TEST(SigmoidTest, Edges) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(sigmoid(0.0), 0.5);
  EXPECT_EQ(sigmoid(kInfinity), 1.0);
  EXPECT_EQ(sigmoid(-kInfinity), 0.0);
  EXPECT_EQ(sigmoid(1e300), 1.0);
  EXPECT_EQ(sigmoid(-1e300), 0.0);
  EXPECT_GT(sigmoid(-kExpArgumentMax), 0.0);
  EXPECT_TRUE(std::isnan(sigmoid(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_NEAR(sigmoid(2.0) + sigmoid(-2.0), 1.0, 1e-15);
}

}  // namespace
}  // namespace warpscore
