// Cases an analyst can read: a schema, features, transactions, and the values that must come out.
//
// Format   one statement a line, # starts a comment. tests/golden/features/*.case are examples.
//            field NAME key|integer|enum|bool|decimal(S) [optional]
//            labels input|topic                 history N                 keys N
//            feature NAME key=K op=A,B [value=V] [window=1d,7d] [delay=D] [closed=both]
//                         [where="..."] [same=F,G] [lookback=L]
//            feature NAME expr="..."
//            alert NAME when="..."
//            columns FIELD ... | FEATURE ...
//            at TIME VALUE ... | VALUE ...     one transaction and what it must give
//            at TIME VALUE ... | refused
//            label ROW yes|no [unmatched]      ROW: the how-manieth transaction, from 1
// Units    TIME counts from Sunday 2018-04-01 00:00:00 UTC: "0", "7d", "7d-1ms", "1d+2h". A feature
//          of type time is written the same way. "-" is missing; "*" after a value: truncated;
//          "?" is any value. The field "label" in columns is the label of an input with labels.
// Errors   CaseError with the line.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/dictionary.h"
#include "scoring/plan.h"
#include "tests/support/engine_run.h"

namespace warpscore {

inline constexpr std::int64_t kCaseStartMs = 1'522'540'800'000;

class CaseError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct ExpectedRow {
  std::uint32_t line = 0;
  bool refused = false;
  std::vector<std::string> values;  // by Case::columns
};

struct Case {
  PlanInput input;
  std::vector<std::string> columns;  // names of features
  std::vector<Step> steps;
  std::vector<ExpectedRow> rows;   // of the transactions
  std::vector<bool> labels_match;  // of the labels
};

[[nodiscard]] Case parse_case(std::string_view text, Dictionary& dictionary);

// "" if `lane` is what `expected` says, else a sentence.
[[nodiscard]] std::string difference(const std::string& expected, ColumnType type, Lane lane,
                                     bool truncated, const Dictionary& dictionary);

// A lane as a case writes it.
[[nodiscard]] std::string text_of_lane(ColumnType type, Lane lane, const Dictionary& dictionary);

// A number for an id: any function of the text will do, as the engine only compares them.
[[nodiscard]] std::uint64_t id_hash_of(std::uint64_t number);

// "7d-1ms" in milliseconds.
[[nodiscard]] std::int64_t parse_case_time(std::string_view text);

}  // namespace warpscore
