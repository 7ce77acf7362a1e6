#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "tests/ingest/decode_support.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace warpscore {
namespace {

// The four members that must be there, and whatever a case adds.
std::string with(const std::string& more) {
  return R"({"id":"t1","ts":1522540831000,"acct":"4711","amt":12.34)" +
         (more.empty() ? "" : "," + more) + "}";
}

TEST(JsonDecoder, EveryType) {
  Bench bench;
  const std::string value =
      R"({"id":"t1","ts":1522540831000,"acct":4711,"note":"a longer text than 15 bytes",)"
      R"("amt":"12.34","count":-7,"country":"DE","kind":5,"online":false,"fraud":true,"x":{}})";
  ASSERT_TRUE(bench.decode_json(value, 99, "the key")) << bench.detail();
  const Batch& batch = bench.batch;
  EXPECT_EQ(batch.id(0), "t1");
  EXPECT_TRUE(batch.id_quoted(0));
  EXPECT_EQ(batch.view().id_hash[0], XXH3_64bits("t1", 2));
  EXPECT_EQ(batch.time_ms(0), 1522540831000);
  EXPECT_EQ(batch.timestamp_ms(0), 99);
  EXPECT_EQ(batch.source(0).partition, 3);
  EXPECT_EQ(batch.source(0).offset, 77);
  EXPECT_EQ(batch.key(0), "the key");
  EXPECT_EQ(batch.value(0), value);
  EXPECT_EQ(batch.view().keys[0][0], key_of("4711"));
  EXPECT_EQ(batch.field(kAccount, 0), fingerprint_of(key_of("4711")));
  EXPECT_EQ(batch.view().keys[1][0], key_of("a longer text than 15 bytes"));
  EXPECT_EQ(batch.field(kAmount, 0), 1234);
  EXPECT_EQ(batch.field(kCount, 0), -7);
  EXPECT_EQ(bench.enum_text(kCountry), "DE");
  EXPECT_EQ(bench.enum_text(kKind), "5");
  EXPECT_EQ(batch.field(kOnline, 0), 0);
  EXPECT_EQ(batch.view().label[0], 1);
}

struct Case {
  std::string value;
  const char* reason;
};

void check(Bench& bench, const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    EXPECT_EQ(bench.decode_json(c.value), std::string_view(c.reason).empty());
    EXPECT_EQ(bench.outcome(), c.reason) << c.value.substr(0, 200) << " | " << bench.detail();
  }
}

TEST(JsonDecoder, MalformedMessageIsNotJson) {
  Bench bench;
  check(bench, {{"", "not_json"},
                {" ", "not_json"},
                {"null", "not_json"},
                {"[]", "not_json"},
                {"[" + with("") + "]", "not_json"},
                {"\xef\xbb\xbf" + with(""), "not_json"},
                {with("") + " \n", ""},
                {" \t\r\n" + with(""), ""},
                {with("") + "x", "not_json"},
                {with("") + ",", "not_json"},
                {with("") + "{}", "not_json"},
                {with("") + "\"", "not_json"},
                {with("") + std::string(1, '\0'), "not_json"},
                {std::string(1, '\0') + with(""), "not_json"},
                {R"({'id':1})", "not_json"},
                {R"({"id" 1})", "not_json"},
                {R"({"id":1,})", "not_json"},
                {R"({,"id":1})", "not_json"},
                {R"({"id":1)", "not_json"},
                {R"({"id":)", "not_json"},
                {R"({"id")", "not_json"},
                {R"({"id)", "not_json"},
                {"{", "not_json"},
                {"}", "not_json"},
                {R"({1:1})", "not_json"}});
}

// A member that we do not want, or one that we do, with a value that is wrong somewhere deep
// inside.
void check_wrong_values(const std::vector<std::string>& wrong_values) {
  std::vector<Case> cases;
  for (const std::string& wrong : wrong_values) {
    cases.push_back({with("\"x\":" + wrong), "not_json"});
    cases.push_back({with("\"note\":" + wrong), "not_json"});
    cases.push_back({"{\"x\":" + wrong + "," + with("").substr(1), "not_json"});
  }
  Bench bench;
  check(bench, cases);
}

TEST(JsonDecoder, MalformedLiteralIsNotJson) {
  check_wrong_values({"01", "+1", "1.", ".5", "1e", "0x1", "-", "1a", "1 2", "tru", "True", "nul",
                      "nulll", "NaN", "Infinity"});
}

TEST(JsonDecoder, MalformedTextIsNotJson) {
  check_wrong_values({"\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"",
                      "\"\\udc00\\udc00\"", "\"\\u123\"", "\"\\\"", "\"\n\"", "\"\x01\"",
                      "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"a\"\"b\"", "\"a\"1",
                      "1\"a\""});
}

TEST(JsonDecoder, MalformedNestingIsNotJson) {
  check_wrong_values({"[", "]", "[1,]", "[,1]", "[1 2]", "[1}", "{\"a\":1]", "{\"a\"}", "{\"a\":}",
                      "{\"a\":1,}", "{a:1}", "{\"a\":1 \"b\":2}", "[[[01]]]",
                      "{\"a\":[{\"b\":tru}]}", "{\"a\\x\":1}", "//", "/* */1", "'a'", "\\\"a\\\""});
}

TEST(JsonDecoder, UnusedMembersMayHaveAnyValue) {
  std::vector<Case> cases;
  for (const char* right :
       {"0", "-0", "-1.5e+10", "true", "null", "\"\\u00e4\\ud83d\\ude00\\/\\b\"", "\"\xc3\xa4\"",
        "[]", "{}", "[1,[2,{\"a\":[]}],\"]\"]", "{\"id\":1,\"id\":2}", "\"}{][,:\"", "\"\x7f\""}) {
    cases.push_back({with("\"x\":" + std::string(right)), ""});
  }
  Bench bench;
  check(bench, cases);
}

// Malformed input is told before wrong fields: nothing in it can be trusted.
TEST(JsonDecoder, MalformedBeforeWrongFields) {
  Bench bench;
  check(bench,
        {{R"({"id":true,"amt":"x",)", "not_json"}, {R"({"id":true,"amt":"x"}})", "not_json"}});
}

TEST(JsonDecoder, Depth) {
  const auto nested = [](int levels, char open, char close) {
    std::string value;
    for (int i = 0; i < levels; ++i)
      value += open == '{' && i > 0 ? "\"a\":{" : std::string(1, open);
    return value + std::string(static_cast<std::size_t>(levels), close);
  };
  Bench bench;
  check(bench, {{with("\"x\":" + nested(7, '[', ']')), ""},
                {with("\"x\":" + nested(8, '[', ']')), "too_deep"},
                {with("\"x\":" + nested(7, '{', '}')), ""},
                {with("\"x\":" + nested(8, '{', '}')), "too_deep"},
                {with("\"x\":[" + nested(6, '[', ']') + "," + nested(6, '{', '}') + "]"), ""},
                {with("\"acct2\":" + std::string(60'000, '[')), "too_deep"}});
}

TEST(JsonDecoder, Lengths) {
  Bench bench;
  const std::size_t rest = with("\"x\":\"\"").size();
  const std::string longest = with("\"x\":\"" + std::string(kValueBytesMax - rest, 'x') + "\"");
  ASSERT_EQ(longest.size(), kValueBytesMax);
  EXPECT_TRUE(bench.decode_json(longest));
  EXPECT_FALSE(bench.decode_json(longest + " "));
  EXPECT_EQ(bench.outcome(), "too_long");
  EXPECT_EQ(bench.batch.text(bench.batch.rejects()[0].value), longest);
  EXPECT_FALSE(bench.decode_json(std::string(1'000'000, '[')));
  EXPECT_EQ(bench.outcome(), "too_long");
  EXPECT_TRUE(bench.decode_json(with(""), 0, std::string(kValueBytesMax, 'k')));
  EXPECT_FALSE(bench.decode_json(with(""), 0, std::string(kValueBytesMax + 1, 'k')));
  EXPECT_EQ(bench.outcome(), "too_long");
}

TEST(JsonDecoder, MembersThatStandTwice) {
  Bench bench;
  check(bench, {{with("\"amt\":12.34"), "not_json"},
                {with("\"\\u0061mt\":12.34"), "not_json"},  // the same name, written otherwise
                {with("\"x\":1,\"x\":2"), ""},              // not ours
                {with("\"x\":{\"amt\":1}"), ""}});
}

TEST(JsonDecoder, MissingFields) {
  const char* const all[] = {R"("id":1)", R"("ts":5)", R"("acct":"a")", R"("amt":1)"};
  Bench bench;
  for (int left_out = 0; left_out < 4; ++left_out) {
    for (const char* instead : {"absent", "null", "\"\""}) {
      std::string value;
      for (int i = 0; i < 4; ++i) {
        std::string member = all[i];
        if (i == left_out) member = member.substr(0, member.find(':') + 1) + instead;
        if (i == left_out && std::string_view(instead) == "absent") member = "\"x\":1";
        value += (i == 0 ? "{" : ",") + member;
      }
      check(bench, {{value + "}", "missing_field"}});
    }
  }
  for (const char* none : {"null", "\"\""}) {
    for (const char* optional : {"note", "count", "country", "kind", "online", "fraud"}) {
      check(bench, {{with("\"" + std::string(optional) + "\":" + none), ""}});
    }
  }
  EXPECT_EQ(bench.batch.field(kCount, 0), kMissing);
  EXPECT_EQ(bench.batch.view().label[0], kMissing);
  EXPECT_TRUE(bench.batch.view().keys[1][0].empty());
}

// A batch is used again and again: nothing of an earlier row shines through.
TEST(JsonDecoder, NothingIsLeftOfEarlierRows) {
  Bench bench;
  ASSERT_TRUE(bench.decode_json(
      with(R"("note":"n","count":1,"country":"a","kind":"b","online":true,"fraud":1)")));
  ASSERT_TRUE(bench.decode_json(with("")));
  EXPECT_TRUE(bench.batch.view().keys[1][0].empty());
  for (const auto field : {kNote, kCount, kCountry, kKind, kOnline}) {
    EXPECT_EQ(bench.batch.field(field, 0), kMissing);
  }
  EXPECT_EQ(bench.batch.view().label[0], kMissing);
}

TEST(JsonDecoder, TypesOfFields) {
  Bench bench;
  check(bench, {{with(R"("count":1.0)"), ""},
                {with(R"("count":1e3)"), ""},
                {with(R"("count":"17")"), ""},
                {with(R"("count":1.5)"), "wrong_type"},
                {with(R"("count":"1x")"), "wrong_type"},
                {with(R"("count":true)"), "wrong_type"},
                {with(R"("count":[])"), "wrong_type"},
                {with(R"("count":{})"), "wrong_type"},
                {with(R"("count":9223372036854775807)"), ""},
                {with(R"("count":9223372036854775808)"), "number_overflow"},
                {with(R"("count":-9223372036854775807)"), ""},
                {with(R"("count":-9223372036854775808)"), "number_overflow"},
                {with(R"("count":1e400)"), "number_overflow"},
                {with(R"("online":1)"), ""},
                {with(R"("online":"FALSE")"), ""},
                {with(R"("online":2)"), "wrong_type"},
                {with(R"("online":"yes")"), "wrong_type"},
                {with(R"("online":1.0)"), "wrong_type"},
                {with(R"("online":[])"), "wrong_type"},
                {with(R"("country":true)"), ""},
                {with(R"("country":1.50)"), ""},
                {with(R"("country":{})"), "wrong_type"},
                {with(R"("note":true)"), "wrong_type"},
                {with(R"("note":["a"])"), "wrong_type"},
                {with(R"("fraud":"No")"), ""},
                {with(R"("fraud":0)"), ""},
                {with(R"("fraud":"maybe")"), "wrong_type"},
                {with(R"("fraud":{})"), "wrong_type"},
                {R"({"id":true,"ts":5,"acct":"a","amt":1})", "wrong_type"},
                {R"({"id":[1],"ts":5,"acct":"a","amt":1})", "wrong_type"},
                {R"({"id":1,"ts":true,"acct":"a","amt":1})", "wrong_type"},
                {R"({"id":1,"ts":"5","acct":"a","amt":1})", ""},
                {R"({"id":1,"ts":"2018-04-01T00:00:00Z","acct":"a","amt":1})", "bad_time"},
                {R"({"id":1,"ts":-1,"acct":"a","amt":1})", "bad_time"},
                {R"({"id":1,"ts":5.5,"acct":"a","amt":1})", "bad_time"},
                {R"({"id":1,"ts":5,"acct":"a","amt":1.500})", ""},
                {R"({"id":1,"ts":5,"acct":"a","amt":"1.50"})", ""},
                {R"({"id":1,"ts":5,"acct":"a","amt":1.505})", "too_many_digits"},
                {R"({"id":1,"ts":5,"acct":"a","amt":"1,50"})", "wrong_type"},
                {R"({"id":1,"ts":5,"acct":"a","amt":92233720368547758.08})", "number_overflow"}});
}

TEST(JsonDecoder, DecimalsNeverPassThroughADouble) {
  Bench bench;
  ASSERT_TRUE(bench.decode_json(R"({"id":1,"ts":5,"acct":"a","amt":92233720368547758.07})"));
  EXPECT_EQ(bench.batch.field(kAmount, 0), INT64_MAX);
  ASSERT_TRUE(bench.decode_json(R"({"id":1,"ts":5,"acct":"a","amt":-45035996273704.97e0})"));
  EXPECT_EQ(bench.batch.field(kAmount, 0), -4503599627370497);
}

TEST(JsonDecoder, EscapesAreUndoneFirst) {
  Bench bench;
  ASSERT_TRUE(bench.decode_json(R"({"\u0069d":"a\"\u00e4\ud83d\ude00","ts":5,"acct":"47\u0031\/1",)"
                                R"("amt":"1\u002e5","country":"D\u0045"})"))
      << bench.detail();
  EXPECT_EQ(bench.batch.id(0), "a\"\xc3\xa4\xf0\x9f\x98\x80");
  EXPECT_EQ(bench.batch.view().keys[0][0], key_of("471/1"));
  EXPECT_EQ(bench.batch.field(kAmount, 0), 150);
  EXPECT_EQ(bench.enum_text(kCountry), "DE");
}

TEST(JsonDecoder, Ids) {
  Bench bench;
  ASSERT_TRUE(bench.decode_json(R"({"id":1e5,"ts":5,"acct":42,"amt":1})"));
  EXPECT_EQ(bench.batch.id(0), "1e5");  // as it came
  EXPECT_FALSE(bench.batch.id_quoted(0));
  const Key number = bench.batch.view().keys[0][0];
  ASSERT_TRUE(bench.decode_json(R"({"id":"42","ts":5,"acct":"42","amt":1})"));
  EXPECT_TRUE(bench.batch.id_quoted(0));
  EXPECT_EQ(bench.batch.view().keys[0][0], number);
}

TEST(JsonDecoder, FutureIsMeasuredAgainstTheKafkaTimestamp) {
  Bench bench(every_type_schema(), {300'000, nullptr});
  const std::int64_t time = 1522540831000;
  EXPECT_TRUE(bench.decode_json(with(""), time - 300'000));
  EXPECT_FALSE(bench.decode_json(with(""), time - 300'001));
  EXPECT_EQ(bench.outcome(), "time_in_future");
  EXPECT_TRUE(bench.decode_json(with(""), time + 1'000'000'000));
  EXPECT_TRUE(bench.decode_json(with(""), kNoTimestamp));
  Bench off;
  EXPECT_TRUE(off.decode_json(with(""), 0));
}

TEST(JsonDecoder, EnumsHaveTheirMost) {
  Bench bench;
  check(bench, {{with(R"("kind":"a")"), ""},
                {with(R"("kind":"b")"), ""},
                {with(R"("kind":"c")"), "enum_full"},
                {with(R"("kind":"a")"), ""},
                {with(R"("country":"c")"), ""}});
  // Shared by two decoders.
  EnumLimits limits(bench.schema);
  Bench one(every_type_schema(), {{}, &limits});
  Bench two(every_type_schema(), {{}, &limits});
  check(one, {{with(R"("kind":"a")"), ""}});
  check(two, {{with(R"("kind":"b")"), ""}, {with(R"("kind":"c")"), "enum_full"}});
  check(one, {{with(R"("kind":"b")"), ""}, {with(R"("kind":"c")"), "enum_full"}});
}

TEST(JsonDecoder, ARefusedTransactionUsesUpNoValueOfAnEnum) {
  Bench bench;
  check(bench, {{with(R"("kind":"x","online":"much")"), "wrong_type"},
                {with(R"("kind":"y","online":"much")"), "wrong_type"},
                {with(R"("kind":[])"), "wrong_type"},
                {with(R"("kind":"a")"), ""},
                {with(R"("kind":"b")"), ""},
                {with(R"("kind":"c","online":"much")"), "wrong_type"},
                {with(R"("kind":"c")"), "enum_full"}});
}

TEST(JsonDecoder, AFullDictionary) {
  Bench bench;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(bench.decode_json(with("\"country\":" + std::to_string(i))));
  }
  check(bench, {{with(R"("country":1000)"), "enum_full"}, {with(R"("country":999)"), ""}});
}

TEST(JsonDecoder, OneMemberMayBeSeveralFields) {
  Schema schema = every_type_schema();
  schema.fields[kCountry].source = "acct";
  schema.fields[kNote].source = "id";
  Bench bench(schema);
  ASSERT_TRUE(bench.decode_json(with("")));
  EXPECT_EQ(bench.enum_text(kCountry), "4711");
  EXPECT_EQ(bench.batch.view().keys[1][0], key_of("t1"));
}

TEST(JsonDecoder, Details) {
  Bench bench;
  const auto detail = [&](const std::string& value) {
    bench.decode_json(value);
    return bench.detail();
  };
  EXPECT_EQ(detail(R"({"id":1)"), "a comma or } is expected (byte 7)");
  EXPECT_EQ(detail(with("\"amt\":1")), "a member stands twice: \"amt\" (byte 62)");
  EXPECT_EQ(detail(R"({"id":1,"ts":5,"acct":"a","amt":1.505})"),
            "field \"amount\" may have 2 digits after the point: 1.505");
  EXPECT_EQ(detail(R"({"id":1,"ts":5,"acct":"a"})"), "field \"amount\" (\"amt\") is missing");
  const std::string cut =
      detail(with("\"count\":\"" + std::string(63, 'x') + "\xc3\xa4\xc3\xa4\""));
  EXPECT_EQ(cut, "field \"count\" is to be a number, not \"" + std::string(63, 'x') + "...\"");
  // What a key field holds is never told.
  EXPECT_EQ(detail(R"({"id":1,"ts":5,"acct":{"pan":"4111111111111111"},"amt":1})").find("4111"),
            std::string::npos);
}

// The page behind the value may not be touched.
TEST(JsonDecoder, ReadsNothingBehindTheValue) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  auto* const pages = static_cast<char*>(
      mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(pages, MAP_FAILED);
  ASSERT_EQ(mprotect(pages + page, page, PROT_NONE), 0);
  Schema schema = every_type_schema();
  schema.labels = LabelSource{"", "labels", "id", "fraud"};
  LabelDecoder labels(schema);  // decodes in place
  for (std::size_t more = 0; more < 200; ++more) {
    const std::string value =
        R"({"id":"t","ts":5,"acct":"a","fraud":1,"x":")" + std::string(more, 'x') + "\"}";
    char* const at = pages + page - value.size();
    std::memcpy(at, value.data(), value.size());
    DecodedLabel label;
    Reject reject;
    EXPECT_TRUE(labels.decode({"", {at, value.size()}, {}, 0}, label, reject));
    EXPECT_FALSE(labels.decode({"", {at, value.size() - 1}, {}, 0}, label, reject));
  }
  munmap(pages, 2 * page);
}

TEST(LabelDecoder, Labels) {
  Schema schema = every_type_schema();
  schema.labels = LabelSource{"", "labels", "tx", "verdict"};
  LabelDecoder decoder(schema);
  DecodedLabel label;
  Reject reject;
  const auto decode = [&](std::string_view value) -> std::string {
    reject = {};
    if (decoder.decode({"", value, {2, 9}, 4}, label, reject)) return "";
    EXPECT_EQ(reject.source.offset, 9);
    return std::string(name_of(reject.reason)) + ": " + reject.detail;
  };
  EXPECT_EQ(decode(R"({"tx":"t1","ts":5,"acct":4711,"note":"n","verdict":"yes","by":"ann"})"), "");
  EXPECT_EQ(label.id_hash, XXH3_64bits("t1", 2));
  EXPECT_EQ(label.time_ms, 5);
  ASSERT_EQ(label.keys.size(), 2U);
  EXPECT_EQ(label.keys[0], key_of("4711"));
  EXPECT_EQ(label.keys[1], key_of("n"));
  EXPECT_TRUE(label.fraud);
  EXPECT_EQ(decode(R"({"tx":"t1","ts":5,"acct":4711,"verdict":0})"), "");
  EXPECT_TRUE(label.keys[1].empty());
  EXPECT_FALSE(label.fraud);
  EXPECT_EQ(decode(R"({"ts":5,"acct":1,"verdict":0})"),
            "missing_field: the label's \"tx\" is missing");
  EXPECT_EQ(decode(R"({"tx":1,"acct":1,"verdict":0})"),
            "missing_field: the label's \"ts\" is missing");
  EXPECT_EQ(decode(R"({"tx":1,"ts":5,"verdict":0})"),
            "missing_field: the label's \"acct\" is missing");
  EXPECT_EQ(decode(R"({"tx":1,"ts":5,"acct":1})"),
            "missing_field: the label's \"verdict\" is missing");
  EXPECT_EQ(decode(R"({"tx":1,"ts":"x","acct":1,"verdict":0})"),
            "bad_time: the label's \"ts\" is not a time: \"x\"");
  EXPECT_EQ(decode(R"({"tx":1,"ts":5,"acct":1,"verdict":2})"),
            "wrong_type: the label's \"verdict\" is to be 0, 1, true, false, yes or no, not 2");
  EXPECT_EQ(decode(R"({"tx":1,"ts":5,"acct":[],"verdict":1})"),
            "wrong_type: the label's \"acct\" is neither a string nor a number");
  EXPECT_EQ(decode(R"({"tx":1,)").substr(0, 8), "not_json");
  EXPECT_EQ(decode(std::string(kValueBytesMax + 1, ' ')).substr(0, 8), "too_long");
}

}  // namespace
}  // namespace warpscore
