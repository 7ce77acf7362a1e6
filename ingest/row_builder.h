// Tokens -> one row of a batch, by the schema's types. What JSON and CSV have in common.
//
// Errors  a refused row becomes a Reject; the batch's columns hold rubbish at the row under
//         construction, which the next row overwrites.
// Thread  used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/batch.h"
#include "base/dictionary.h"
#include "base/schema.h"
#include "ingest/decode.h"
#include "ingest/token.h"

namespace warpscore {

class RowBuilder {
 public:
  RowBuilder(const Schema& schema, Dictionary& dictionary, const DecodeOptions& options);

  [[nodiscard]] const MemberNames& members() const { return members_; }
  // May a CSV file lack the column of this member?
  [[nodiscard]] bool optional(std::uint32_t member) const { return optional_[member]; }

  // Copies key and value into the batch. false: too long, rejected.
  [[nodiscard]] bool keep(const RawTransaction& raw, Batch& batch);
  // The value as kept: what tokens are to point into.
  [[nodiscard]] std::string_view value(const Batch& batch) const { return batch.text(value_); }

  // tokens[member] of the row kept last. true: the row is in the batch; false: a reject is.
  bool build(const RawTransaction& raw, std::span<const Token> tokens, Batch& batch);
  void reject(const RawTransaction& raw, RejectReason reason, std::string detail, Batch& batch);

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Numbers = std::unordered_map<std::string, Lane, TextHash, std::equal_to<>>;

  bool set_id(const Token& token, Batch& batch, Batch::Row& row);
  bool set_time(const RawTransaction& raw, const Token& token, Batch::Row& row);
  bool set_field(std::uint32_t index, const Token& token, Batch& batch);
  bool set_key(const Field& field, std::uint32_t index, const Token& token, Batch& batch);
  bool set_number(const Field& field, std::uint32_t index, const Token& token, Batch& batch);
  bool set_enum(const Field& field, std::uint32_t index, const Token& token, Batch& batch);
  bool set_bool(const Field& field, std::uint32_t index, const Token& token, Batch& batch);
  bool set_label(const Token& token, Batch::Row& row);
  bool fail(RejectReason reason, std::string detail);

  const Schema& schema_;
  const DecodeOptions options_;
  DictionaryCache dictionary_;
  std::unique_ptr<EnumLimits> own_limits_;
  EnumLimits& limits_;

  MemberNames members_;
  std::uint32_t id_member_ = 0;
  std::uint32_t time_member_ = 0;
  std::uint32_t label_member_ = 0;
  std::vector<std::uint32_t> field_members_;
  std::vector<std::uint32_t> enum_fields_;
  std::vector<bool> optional_;     // by member
  std::vector<Numbers> admitted_;  // by field; used where the field has an enum_max

  TextRange key_;
  TextRange value_;
  RejectReason reason_{};
  std::string detail_;
};

// Conversions that labels of a topic need as well. All REQUIRE !token.missing().
[[nodiscard]] bool is_scalar(const Token& token);
// 0 or 1; kMissing where it is neither.
[[nodiscard]] Lane parse_bool(const Token& token, bool yes_and_no);
// The value for a sentence: shortened to 64 bytes, JSON strings in quotes.
[[nodiscard]] std::string shown(const Token& token);

}  // namespace warpscore
