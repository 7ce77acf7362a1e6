#include "publish/encode.h"

#include <gtest/gtest.h>

#include "publish/json_text.h"
#include "publish/key_text.h"
#include "tests/publish/encode_support.h"

namespace warpscore {
namespace {

constexpr ScoreOptions kPlain{false};
constexpr ScoreOptions kFull{true};

std::string score(const Sample& sample, std::uint32_t row, const ScoreOptions& options) {
  std::string out;
  JsonEncoder(sample.shape).append_score(out, sample.batch, sample.results, row, options);
  return out;
}

TEST(JsonEncoder, Scores) {
  Sample sample;
  EXPECT_EQ(score(sample, 0, kPlain),
            R"({"id":"t\n1","score":0.9,"margin":2.1,"model":"v\"7\"","rules":["high","spree"],)"
            R"("source":{"partition":3,"offset":41}})");
  EXPECT_EQ(score(sample, 1, kPlain),
            R"({"id":17,"score":null,"margin":null,"model":"v\"7\"","rules":[],)"
            R"("source":{"partition":3,"offset":42}})");
}

TEST(JsonEncoder, Features) {
  Sample sample;
  sample.shape.history_limited = true;
  EXPECT_EQ(score(sample, 0, kFull),
            R"({"id":"t\n1","score":0.9,"margin":2.1,"model":"v\"7\"","rules":["high","spree"],)"
            R"("features":{"n_1d":12,"sum_1d":-1001.500,"mean":0.3333333333333333,"night":true,)"
            R"("seen":1522540831000,"gap":-90000,"land":"a,b","inf":null},)"
            R"("truncated":["n_1d","mean"],"source":{"partition":3,"offset":41}})");
  EXPECT_EQ(score(sample, 1, kFull),
            R"({"id":17,"score":null,"margin":null,"model":"v\"7\"","rules":[],)"
            R"("features":{"sum_1d":0.001,"night":false,"inf":-0},)"
            R"("source":{"partition":3,"offset":42}})");
}

TEST(JsonEncoder, WithoutAModel) {
  Sample sample;
  sample.shape.has_model = false;
  EXPECT_EQ(score(sample, 1, kPlain),
            R"({"id":17,"score":null,"margin":null,"model":null,"rules":[],)"
            R"("source":{"partition":3,"offset":42}})");
}

TEST(JsonEncoder, Alerts) {
  Sample sample;
  const JsonEncoder encoder(sample.shape);
  std::string out;
  encoder.append_alert(out, sample.batch, sample.results, 0, 2, kPlain);
  EXPECT_EQ(out,
            R"({"id":"t\n1","score":0.9,"margin":2.1,"model":"v\"7\"","rules":["high","spree"],)"
            R"("source":{"partition":3,"offset":41},"rule":"spree","severity":"medium",)"
            R"("reason":"12 payments, now 12.50","time":"2018-04-01T00:00:31.007Z",)"
            R"("transaction":{"card":"***1111","shop":"s1","amount":12.50,"count":7,)"
            R"("country":"D\"E","online":true}})");
  out.clear();
  encoder.append_alert(out, sample.batch, sample.results, 1, 0, kPlain);
  EXPECT_EQ(out, R"({"id":17,"score":null,"margin":null,"model":"v\"7\"","rules":[],)"
                 R"("source":{"partition":3,"offset":42},"rule":"high",)"
                 R"("severity":"high","reason":"score >= 0.9","time":"2018-04-01T00:00:31.008Z",)"
                 R"("transaction":{"card":"***","amount":-0.05}})");
}

TEST(JsonEncoder, Reasons) {
  Sample sample;
  const auto reason = [&](std::string_view text, std::uint32_t row = 0) {
    std::string out;
    ReasonTemplate(text, sample.shape).append(out, sample.shape, sample.batch, sample.results, row);
    return out;
  };
  EXPECT_EQ(reason("no placeholder"), "no placeholder");
  EXPECT_EQ(reason("{{n_1d}} is {n_1d}}}"), "{n_1d} is 12}");
  EXPECT_EQ(reason("{card} {shop} {amount} {count} {country} {online}"),
            "***1111 s1 12.50 7 D\"E true");
  EXPECT_EQ(reason("{card} {shop} {amount} {count} {country} {online}", 1),
            "*** missing -0.05 missing missing missing");
  EXPECT_EQ(reason("{sum_1d} {mean} {night} {seen} {gap} {land} {inf}"),
            "-1001.500 0.3333 true 2018-04-01T00:00:31.000Z -90000 a,b inf");
  EXPECT_EQ(reason("{score} {margin} {id} {time}"), "0.9 2.1 t\n1 2018-04-01T00:00:31.007Z");
  EXPECT_EQ(reason("{score} {margin} {mean} {inf}", 1), "missing missing missing 0");
  sample.columns[2][0] = lane_of(0.0000123456);
  EXPECT_EQ(reason("{mean}"), "1.23e-05");
  sample.columns[2][0] = lane_of(1234567.00004);
  EXPECT_EQ(reason("{mean}"), "1234567");
  sample.columns[2][0] = lane_of(-1e300);
  EXPECT_EQ(reason("{mean}"), "-1e+300");
}

TEST(JsonEncoder, WrongReasons) {
  Sample sample;
  const auto error = [&](const std::string& text) -> std::string {
    sample.shape.alerts[2].reason = text;
    try {
      JsonEncoder encoder(sample.shape);
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.place().key, "alerts[2].reason");
      return error.what() + (" | " + error.mend());
    }
    return "";
  };
  EXPECT_EQ(error("{amuont}"),
            "the reason names \"amuont\", which is no field and no feature | did you mean "
            "\"amount\"?");
  EXPECT_EQ(error("{}"), "the reason names \"\", which is no field and no feature | ");
  EXPECT_EQ(error("{amount"), "the reason has a { that is not closed | write {{ for a brace");
  EXPECT_EQ(error("amount}"), "the reason has a } that closes nothing | write }} for a brace");
}

// A key of more than 15 bytes is a hash in the batch: its text comes from the original bytes.
TEST(KeyText, LongKeys) {
  Sample sample;
  const std::string key = "terminal-0123456789";
  const auto shown = [&](const std::string& value) {
    sample.batch.clear();
    sample.add_row("1", false, value, "1", key);
    sample.batch.commit_row();
    std::string out;
    append_key_text(out, sample.schema, sample.batch, 1, 0);
    return out;
  };
  EXPECT_EQ(shown(R"({"pan":"1","shop":"terminal-0123456789"})"), key);
  EXPECT_EQ(shown(R"( {"x" : {"shop":[1,"}"]} , "y":"\"" , "shop" : "terminal-0123456789" } )"),
            key);
  const std::string hash = shown("1,5,terminal-0123456789");  // CSV
  EXPECT_EQ(hash.size(), 17U);
  EXPECT_EQ(hash[0], '#');
  EXPECT_EQ(shown(R"({"shop":"terminal\u002d0123456789"})"), hash);
}

TEST(KeyText, Masked) {
  EXPECT_EQ(masked("4111111111111111"), "***1111");
  EXPECT_EQ(masked("12345"), "***2345");
  EXPECT_EQ(masked("1234"), "***");
  EXPECT_EQ(masked(""), "***");
  EXPECT_EQ(masked("a\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f"), "***\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f");
}

TEST(DeadLetter, Json) {
  const DeadLetter letter{RejectReason::kTooManyDigits,
                          "field \"amount\" may have 2 digits after the point: 1.505",
                          "transactions",
                          {3, 41},
                          1522540831000,
                          "k",
                          "{\"amt\":1.505}\t"};
  std::string out;
  append_dead_letter_json(out, letter, true);
  EXPECT_EQ(out,
            R"({"reason":"too_many_digits","error":"field \"amount\" may have 2 digits after the )"
            R"(point: 1.505","source":{"topic":"transactions","partition":3,"offset":41},)"
            R"("timestamp":1522540831000,"key":"k","value":"{\"amt\":1.505}\t"})");
  out.clear();
  append_dead_letter_json(out, letter, false);
  EXPECT_TRUE(out.ends_with(R"("timestamp":1522540831000})"));
}

TEST(DeadLetter, BytesThatAreNoText) {
  const DeadLetter letter{RejectReason::kNotJson, "x", "t", {0, 0}, -1, "\xff", "\xfe\xfd"};
  std::string out;
  append_dead_letter_json(out, letter, true);
  EXPECT_EQ(out,
            R"({"reason":"not_json","error":"x","source":{"topic":"t","partition":0,"offset":0},)"
            R"("timestamp":-1,"key_base64":"/w==","value_base64":"/v0="})");
}

TEST(JsonText, Strings) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("a\"\\\b\f\n\r\t\x01\x1f/\x7f\xc3\xa4"),
            "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\x7f\xc3\xa4\"");
  EXPECT_EQ(json_string(std::string_view("\0", 1)), R"("\u0000")");
}

TEST(JsonText, Utf8) {
  for (const char* good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good));
  }
  for (const char* bad :
       {"\x80", "\xc1\xbf", "\xc2", "\xc2\xc2", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe1\x80",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xf1\x80\x80"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(JsonText, Base64) {
  const auto base64 = [](std::string_view bytes) {
    std::string out;
    append_base64(out, bytes);
    return out;
  };
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

// Whatever the bytes, it ends and stays inside them (the sanitizers say so).
TEST(JsonText, FindMemberInRubbish) {
  EXPECT_EQ(find_json_member(R"({"a":1,"b":[{"c":2}],"c":"x"})", "c"), "x");
  EXPECT_EQ(find_json_member(R"({"c": 12 })", "c"), "12");
  EXPECT_EQ(find_json_member(R"({"c":{"d":[1,2]}})", "c"), R"({"d":[1,2]})");
  for (const char* rubbish :
       {"", "{", "{\"", "{\"c", "{\"c\"", "{\"c\":", "{\"c\":\"", "{\"c\":\"\\", "{\"a\":}",
        "{\"a\":]]]}", "[\"c\":1]", "{\"a\" 1,\"c\":2}"}) {
    EXPECT_TRUE(find_json_member(rubbish, "c").size() <= 1) << rubbish;
  }
}

}  // namespace
}  // namespace warpscore
