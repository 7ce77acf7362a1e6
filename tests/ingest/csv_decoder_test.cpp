#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/ingest/decode_support.h"

namespace warpscore {
namespace {

constexpr std::string_view kHeader = "id,ts,acct,note,amt,count,country,kind,online,fraud";

TEST(CsvDecoder, EveryType) {
  Bench bench;
  ASSERT_TRUE(bench.decode_csv(kHeader, "t1,1522540831000,4711,,12.34,7,DE,a,True,yes"))
      << bench.detail();
  const Batch& batch = bench.batch;
  EXPECT_EQ(batch.id(0), "t1");
  EXPECT_TRUE(batch.id_quoted(0));
  EXPECT_EQ(batch.time_ms(0), 1522540831000);
  EXPECT_EQ(batch.view().keys[0][0], key_of("4711"));
  EXPECT_EQ(batch.field(kAccount, 0), fingerprint_of(key_of("4711")));
  EXPECT_TRUE(batch.view().keys[1][0].empty());
  EXPECT_EQ(batch.field(kNote, 0), kMissing);
  EXPECT_EQ(batch.field(kAmount, 0), 1234);
  EXPECT_EQ(batch.field(kCount, 0), 7);
  EXPECT_EQ(bench.enum_text(kCountry), "DE");
  EXPECT_EQ(batch.field(kOnline, 0), 1);
  EXPECT_EQ(batch.view().label[0], 1);
  EXPECT_EQ(batch.value(0), "t1,1522540831000,4711,,12.34,7,DE,a,True,yes");
}

TEST(CsvDecoder, ColumnsInAnyOrderAndOthers) {
  Bench bench;
  ASSERT_TRUE(bench.decode_csv("fraud,extra,amt,\"acct\",ts,id", "0,\"x,y\",1,a,5,9"));
  EXPECT_EQ(bench.batch.id(0), "9");
  EXPECT_EQ(bench.batch.field(kAmount, 0), 100);
  EXPECT_EQ(bench.batch.field(kCountry, 0), kMissing);  // optional: the column may be absent
  EXPECT_EQ(bench.batch.view().label[0], 0);
}

TEST(CsvDecoder, Quotes) {
  Bench bench;
  ASSERT_TRUE(
      bench.decode_csv("id,ts,acct,amt,country,note,fraud",
                       "\"a\"\"b\",\"5\",\"x\"\"\",\"1.50\",\"\"\"\",\"line\r\nbreak\",\"\""))
      << bench.detail();
  EXPECT_EQ(bench.batch.id(0), "a\"b");
  EXPECT_EQ(bench.batch.view().keys[0][0], key_of("x\""));
  EXPECT_EQ(bench.batch.view().keys[1][0], key_of("line\r\nbreak"));
  EXPECT_EQ(bench.batch.field(kAmount, 0), 150);
  EXPECT_EQ(bench.enum_text(kCountry), "\"");
  EXPECT_EQ(bench.batch.view().label[0], kMissing);
}

struct Case {
  const char* row;
  const char* reason;
};

TEST(CsvDecoder, Reasons) {
  const Case cases[] = {
      {"1,5,a,1,", ""},
      {"1,5,a,1,\xc3\xa4", ""},
      {"1,5,a,1", "not_json"},       // fewer cells than the header
      {"1,5,a,1,x,y", "not_json"},   // more
      {"1,5,a,1,\"x", "not_json"},   // not closed
      {"1,5,a,1,x\"y", "not_json"},  // inside a cell
      {"1,5,a,1,\"x\"y", "not_json"},
      {"1,5,a,1,\xe4", "not_json"},  // not UTF-8
      {",5,a,1,x", "missing_field"},
      {"1,,a,1,x", "missing_field"},
      {"1,5,,1,x", "missing_field"},
      {"1,5,\"\",1,x", "missing_field"},
      {"1,5,a,,x", "missing_field"},
      {"1,5,a,x,x", "wrong_type"},
      {"1,5,a, 1,x", "wrong_type"},
      {"1,5,a,1.005,x", "too_many_digits"},
      {"1,5,a,92233720368547758.08,x", "number_overflow"},
      {"1,x,a,1,x", "bad_time"},
      {"1,-1,a,1,x", "bad_time"},
  };
  Bench bench;
  bench.schema.labels.reset();
  for (const Case& c : cases) {
    bench.decode_csv("id,ts,acct,amt,country", c.row);
    EXPECT_EQ(bench.outcome(), c.reason) << c.row << " | " << bench.detail();
  }
}

std::string header_error(std::string_view header) {
  Bench bench;
  try {
    bench.decode_csv(header, "");
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(CsvDecoder, HeaderErrors) {
  EXPECT_EQ(header_error("id,ts,acct,amnt,fraud"),
            "there is no column \"amt\" (did you mean \"amnt\"?); the columns are \"id\", \"ts\", "
            "\"acct\", \"amnt\", \"fraud\"");
  EXPECT_EQ(header_error("id,ts,acct,amt"),
            "there is no column \"fraud\"; the columns are \"id\", \"ts\", \"acct\", \"amt\"");
  EXPECT_EQ(header_error("id,ts,acct,amt,fraud,id"),
            "the column \"id\" stands twice in the header");
  EXPECT_NE(header_error("id,\"ts").find("is not a CSV row"), std::string::npos);
  EXPECT_NE(header_error("id,ts\xff").find("is not UTF-8"), std::string::npos);
  EXPECT_NE(header_error("id,ts\rt1,5\r").find("holds a CR"), std::string::npos);
  EXPECT_NE(header_error("\x1b[2Jid,ts").find("holds a control character"), std::string::npos);
}

}  // namespace
}  // namespace warpscore
