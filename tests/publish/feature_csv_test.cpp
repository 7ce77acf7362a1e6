#include "publish/feature_csv.h"

#include <gtest/gtest.h>

#include "tests/publish/encode_support.h"

namespace warpscore {
namespace {

TEST(FeatureCsv, HeaderAndRows) {
  Sample sample;
  sample.shape.history_limited = true;
  const FeatureCsv csv(sample.shape);
  std::string out;
  csv.append_header(out);
  csv.append_rows(out, sample.batch, sample.results);
  EXPECT_EQ(out,
            "tx_id,n_1d,sum_1d,mean,night,seen,gap,land,inf,margin,score,rules,truncated\n"
            "\"t\n1\",12,-1001.500,0.3333333333333333,1,1522540831000,-90000,\"a,b\",inf,2.1,0.9,"
            "high;spree,n_1d;mean\n"
            "17,,0.001,,0,,,,-0,,,,\n");
}

TEST(FeatureCsv, WithoutAHistoryLimit) {
  Sample sample;
  const FeatureCsv csv(sample.shape);
  std::string out;
  csv.append_header(out);
  csv.append_row(out, sample.batch, sample.results, 1);
  EXPECT_EQ(out,
            "tx_id,n_1d,sum_1d,mean,night,seen,gap,land,inf,margin,score,rules\n"
            "17,,0.001,,0,,,,-0,,,\n");
}

TEST(FeatureCsv, AMarginThatIsADouble) {
  Sample sample;
  sample.shape.margin_is_float = false;
  sample.margin[0] = 2.1;
  std::string out;
  FeatureCsv(sample.shape).append_row(out, sample.batch, sample.results, 0);
  EXPECT_NE(out.find(",2.1,0.9,"), std::string::npos);
  sample.margin[0] = static_cast<double>(2.1F);
  out.clear();
  FeatureCsv(sample.shape).append_row(out, sample.batch, sample.results, 0);
  EXPECT_NE(out.find(",2.0999999046325684,0.9,"), std::string::npos);
}

TEST(FeatureCsv, RefusedRowsAreLeftOut) {
  Sample sample;
  const std::uint8_t refused[] = {1, 0};
  sample.results.refused = refused;
  std::string out;
  FeatureCsv(sample.shape).append_rows(out, sample.batch, sample.results);
  EXPECT_EQ(out, "17,,0.001,,0,,,,-0,,,\n");
}

TEST(FeatureCsv, QuotedNamesAndManyColumns) {
  Sample sample;
  sample.schema.id_source = "the \"id\"";
  sample.shape.features.assign(500, {"a,b", {LaneType::kInteger, 0}});
  const std::vector<Lane> column = {-INT64_MAX, 0};
  sample.results.features.assign(500, column.data());
  const FeatureCsv csv(sample.shape);
  std::string out;
  csv.append_header(out);
  EXPECT_TRUE(out.starts_with("\"the \"\"id\"\"\",\"a,b\",\"a,b\","));
  out.clear();
  csv.append_row(out, sample.batch, sample.results, 0);
  std::string expected = "\"t\n1\"";
  for (int i = 0; i < 500; ++i) expected += ",-9223372036854775807";
  EXPECT_EQ(out, expected + ",2.1,0.9,high;spree\n");
}

TEST(FeatureCsvDeath, KeysHaveNoText) {
  Sample sample;
  sample.shape.features[0].type.type = LaneType::kKey;
  EXPECT_DEATH(FeatureCsv{sample.shape}, "broken invariant");
}

}  // namespace
}  // namespace warpscore
