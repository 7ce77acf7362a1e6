// tests/golden/features/*.case: transactions in, values worked out by hand out.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/cases.h"
#include "tests/support/cuda_engine.h"
#include "tests/support/source_folder.h"

namespace warpscore {
namespace {

std::filesystem::path cases_folder() { return source_folder() / "tests/golden/features"; }

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void compare(const Case& example, const Plan& plan, const EngineRun& run,
             const Dictionary& dictionary) {
  ASSERT_EQ(run.rows.size(), example.rows.size());
  for (std::size_t row = 0; row < run.rows.size(); ++row) {
    const ExpectedRow& expected = example.rows[row];
    SCOPED_TRACE("line " + std::to_string(expected.line));
    EXPECT_EQ(run.rows[row].refused, expected.refused);
    if (expected.refused || run.rows[row].refused) continue;
    for (std::size_t i = 0; i < example.columns.size(); ++i) {
      const auto column = std::find_if(
          plan.features().begin(), plan.features().end(),
          [&](const FeatureColumn& feature) { return feature.name == example.columns[i]; });
      ASSERT_NE(column, plan.features().end()) << "no feature " << example.columns[i];
      const auto at = static_cast<std::size_t>(column - plan.features().begin());
      const Lane lane = run.rows[row].features[at];
      const std::string what = difference(expected.values[i], column->type, lane,
                                          run.rows[row].truncated[at], dictionary);
      EXPECT_EQ(what, "") << column->name << " is " << text_of_lane(column->type, lane, dictionary)
                          << ", expected " << expected.values[i];
    }
  }
  EXPECT_EQ(run.labels_found, example.labels_match);
}

class GoldenCase : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenCase, GivesTheValuesWrittenThere) {
  const std::filesystem::path folder = cases_folder();
  Dictionary dictionary(1U << 16);
  const Case example = parse_case(read_file(folder / (GetParam() + ".case")), dictionary);
  ASSERT_FALSE(example.rows.empty());
  const Plan plan(example.input, dictionary);
  for (const std::uint32_t batch : {1U, 2U, 4096U}) {
    SCOPED_TRACE("batches of " + std::to_string(batch));
    EngineRunOptions options;
    options.batch_size = [batch] { return batch; };
    compare(example, plan, run_engine(plan, example.steps, options), dictionary);
    options.open = cuda_engine_if_present();
    if (options.open) compare(example, plan, run_engine(plan, example.steps, options), dictionary);
  }
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(cases_folder()))
    if (entry.path().extension() == ".case") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Features, GoldenCase, ::testing::ValuesIn(case_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace warpscore
