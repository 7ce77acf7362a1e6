#include "publish/manifest.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "publish/changelog_reader.h"

namespace warpscore {
namespace {

Manifest sample() {
  Manifest manifest;
  for (std::size_t i = 0; i < manifest.genesis.size(); ++i)
    manifest.genesis[i] = static_cast<std::uint8_t>(17 * i);
  manifest.claim = true;
  manifest.term = 3;
  manifest.sequence = 41;
  manifest.previous_hash = 0x0123456789abcdefULL;
  manifest.written_ms = 1'700'000'000'123;
  manifest.input_topic = "transactions";
  manifest.labels_topic = "labels";
  manifest.scores = 5'000'000'000;
  manifest.alerts = 2;
  manifest.dead_letters = 1;
  manifest.ranges = {{InputTopic::kTransactions, 7, 1000, 1500, 499, 1},
                     {InputTopic::kLabels, 0, 4, 6, 2, 0},
                     {InputTopic::kTransactions, 7, 1500, 1502, 1, 0},
                     {InputTopic::kTransactions, 2'000'000'000, 0, 0, 0, 0}};
  manifest.positions = {{InputTopic::kTransactions, 7, 1502}, {InputTopic::kLabels, 0, 6}};
  return manifest;
}

TEST(ManifestTest, ReadsBackWhatWasWritten) {
  const Manifest manifest = sample();
  Manifest back;
  std::string why_not;
  ASSERT_TRUE(decode_manifest(encode_manifest(manifest), back, why_not)) << why_not;
  EXPECT_EQ(manifest, back);
}

TEST(ManifestTest, ReadsBackTheExtremes) {
  Manifest manifest;
  manifest.term = manifest.sequence = manifest.previous_hash =
      std::numeric_limits<std::uint64_t>::max();
  manifest.written_ms = std::numeric_limits<std::int64_t>::min();
  manifest.input_topic = std::string(249, 'x');
  constexpr std::int64_t kOffsetMax = std::numeric_limits<std::int64_t>::max();
  manifest.ranges = {{InputTopic::kLabels, std::numeric_limits<std::int32_t>::max(), 0, kOffsetMax,
                      std::numeric_limits<std::uint32_t>::max(), 0}};
  manifest.positions = {
      {InputTopic::kLabels, std::numeric_limits<std::int32_t>::max(), kOffsetMax}};
  Manifest back;
  std::string why_not;
  ASSERT_TRUE(decode_manifest(encode_manifest(manifest), back, why_not)) << why_not;
  EXPECT_EQ(manifest, back);
}

// Written down so that the format does not change unseen: docs/formats.md, "Manifest".
TEST(ManifestTest, TheFirstBytesAreAsDocumented) {
  Manifest manifest;
  manifest.claim = true;
  manifest.term = 1;
  manifest.input_topic = "in";
  manifest.ranges = {{InputTopic::kTransactions, 3, 300, 310, 9, 1}};
  manifest.positions = {{InputTopic::kTransactions, 3, 310}};
  const std::string bytes = encode_manifest(manifest);
  const std::string expected_tail(
      "\x02in\x00\x00\x00\x00\x01\x06\xac\x02\x0a\x09\x01\x01\x06\xb6\x02", 18);
  EXPECT_EQ(bytes.substr(0, 8), std::string("WSM1\x01\x00\x01\x00", 8));
  EXPECT_EQ(bytes.substr(8, 16), std::string(16, '\0'));
  EXPECT_EQ(bytes.substr(56, bytes.size() - 56 - 8), expected_tail);
}

TEST(ManifestTest, AUsualRangeTakesSixBytes) {
  Manifest manifest;
  manifest.ranges = {{InputTopic::kTransactions, 3, 1'000'000, 1'000'512, 512, 0}};
  const std::size_t one = encode_manifest(manifest).size();
  manifest.ranges.push_back({InputTopic::kTransactions, 4, 1'000'000, 1'000'512, 512, 0});
  manifest.ranges.push_back({InputTopic::kTransactions, 3, 1'000'512, 1'000'552, 40, 0});
  const std::size_t three = encode_manifest(manifest).size();
  EXPECT_EQ(three - one, 9 + 5);
}

TEST(ManifestTest, EveryFlippedBitIsSeen) {
  const std::string bytes = encode_manifest(sample());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string broken = bytes;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    Manifest manifest;
    std::string why_not;
    EXPECT_FALSE(decode_manifest(broken, manifest, why_not)) << "bit " << bit;
    EXPECT_FALSE(why_not.empty());
  }
}

TEST(ManifestTest, EveryShorterRecordIsRefused) {
  const std::string bytes = encode_manifest(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Manifest manifest;
    std::string why_not;
    EXPECT_FALSE(decode_manifest(std::string_view(bytes).substr(0, size), manifest, why_not));
  }
  Manifest manifest;
  std::string why_not;
  EXPECT_FALSE(decode_manifest(bytes + "x", manifest, why_not));
}

// With a right checksum over wrong content, as an enemy would write it.
TEST(ManifestTest, HostileBytesAreRefusedOrAreAManifest) {
  std::mt19937_64 random(7);
  const std::string bytes = encode_manifest(sample());
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string hostile = bytes.substr(0, bytes.size() - 8);
    for (int change = 0; change < 1 + round % 4; ++change)
      hostile[8 + random() % (hostile.size() - 8)] = static_cast<char>(random());
    if (round % 3 == 0) hostile.resize(60 + random() % (hostile.size() - 60));
    const std::uint64_t checksum = manifest_hash(hostile);
    for (int i = 0; i < 8; ++i) hostile += static_cast<char>(checksum >> (8 * i));
    Manifest manifest;
    std::string why_not;
    if (!decode_manifest(hostile, manifest, why_not)) {
      ++refused;
      continue;
    }
    for (const InputRange& range : manifest.ranges) {
      EXPECT_GE(range.first, 0);
      EXPECT_GE(range.end, range.first);
      EXPECT_GE(range.partition, 0);
    }
    Manifest again;
    EXPECT_TRUE(decode_manifest(encode_manifest(manifest), again, why_not)) << why_not;
    EXPECT_EQ(manifest, again);
  }
  EXPECT_GT(refused, 1'000);
}

TEST(ManifestTest, AnotherVersionIsNamed) {
  std::string bytes = encode_manifest(sample());
  bytes[4] = 9;
  Manifest manifest;
  std::string why_not;
  EXPECT_FALSE(decode_manifest(bytes, manifest, why_not));
  EXPECT_NE(why_not.find("version is 9"), std::string::npos) << why_not;
}

TEST(InputRangeTest, ARangeThatGoesOnIsOneRange) {
  std::vector<InputRange> ranges;
  append_range(ranges, {InputTopic::kTransactions, 1, 10, 11, 1, 0});
  append_range(ranges, {InputTopic::kTransactions, 1, 11, 14, 0, 1});
  append_range(ranges, {InputTopic::kTransactions, 2, 14, 15, 1, 0});
  append_range(ranges, {InputTopic::kTransactions, 1, 14, 15, 1, 0});
  append_range(ranges, {InputTopic::kLabels, 1, 15, 16, 1, 0});
  ASSERT_EQ(ranges.size(), 4u);
  EXPECT_EQ(ranges[0], (InputRange{InputTopic::kTransactions, 1, 10, 14, 1, 1}));
}

class ChainTest : public ::testing::Test {
 protected:
  // The record that follows, as a process would write it.
  std::string next() {
    Manifest manifest;
    manifest.genesis = end_.begun ? end_.genesis : Genesis{1, 2, 3};
    manifest.term = 1;
    manifest.sequence = end_.begun ? end_.sequence + 1 : 0;
    manifest.previous_hash = end_.hash;
    manifest.scores = manifest.sequence;
    return encode_manifest(manifest);
  }
  std::string refusal(const std::string& record) {
    ChainEnd end = end_;
    Manifest manifest;
    try {
      follow(end, record, "x-changelog", manifest);
    } catch (const ChangelogError& error) {
      return error.what();
    }
    return "";
  }
  void advance() {
    Manifest manifest;
    follow(end_, next(), "x-changelog", manifest);
  }

  ChainEnd end_;
};

TEST_F(ChainTest, FollowsAnUnbrokenChain) {
  for (std::uint64_t i = 0; i < 5; ++i) {
    advance();
    EXPECT_EQ(end_.sequence, i);
  }
}

TEST_F(ChainTest, SeesWhatIsNotItsOwn) {
  advance();
  const std::string second = next();
  advance();
  EXPECT_NE(refusal(second).find("doubled"), std::string::npos);
  const std::string third = next();
  advance();
  const std::string fourth = next();
  end_ = {};
  EXPECT_NE(refusal(fourth).find("deleted"), std::string::npos);
  advance();
  EXPECT_NE(refusal(third).find("missing"), std::string::npos);
  Manifest foreign;
  foreign.genesis = {9};
  foreign.sequence = 1;
  EXPECT_NE(refusal(encode_manifest(foreign)).find("genesis"), std::string::npos);
  foreign.genesis = end_.genesis;
  foreign.previous_hash = end_.hash + 1;
  EXPECT_NE(refusal(encode_manifest(foreign)).find("hash"), std::string::npos);
  EXPECT_NE(refusal("junk").find("x-changelog"), std::string::npos);
}

}  // namespace
}  // namespace warpscore
