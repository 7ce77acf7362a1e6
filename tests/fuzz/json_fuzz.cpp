// Any bytes as a transaction and as a label: a row or a reject, never a crash; and what publish
// makes of either is JSON that is UTF-8.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "ingest/decode.h"
#include "publish/encode.h"
#include "publish/json_text.h"
#include "tests/ingest/decode_support.h"

namespace {

using namespace warpscore;

struct Target {
  Target() {
    shape.schema = &bench.schema;
    shape.dictionary = &bench.dictionary;
    shape.alerts = {{"a", "low", "true", "{account} {note} {amount} {country} {id} {time}", false}};
    results.size = 1;
    results.margin = results.score = &missing;
    results.fired = {&fired};
    label_schema.labels = LabelSource{"", "labels", "id", "fraud"};
  }
  Bench bench{every_type_schema(), {300'000, nullptr}};
  Schema label_schema = every_type_schema();
  OutputShape shape;
  Results results;
  const double missing = std::nan("");
  const std::uint64_t fired = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Target target;
  static const JsonEncoder encoder(target.shape);
  static LabelDecoder labels(target.label_schema);
  const std::string_view value(reinterpret_cast<const char*>(data), size);

  std::string out;
  const Batch& batch = target.bench.batch;
  if (target.bench.decode_json(value, 1522540831000, value.substr(0, size / 2))) {
    WARPSCORE_CHECK(batch.size() == 1 && batch.rejects().empty());
    encoder.append_alert(out, batch, target.results, 0, 0, {true});
  } else {
    WARPSCORE_CHECK(batch.size() == 0 && batch.rejects().size() == 1);
    const Reject& reject = batch.rejects()[0];
    append_dead_letter_json(out,
                            {reject.reason, reject.detail, "t", reject.source, reject.timestamp_ms,
                             batch.text(reject.key), batch.text(reject.value)},
                            true);
  }
  WARPSCORE_CHECK(is_utf8(out));

  DecodedLabel label;
  Reject reject;
  if (!labels.decode({"", value, {}, 0}, label, reject)) WARPSCORE_CHECK(is_utf8(reject.detail));
  (void)find_json_member(value, "acct");
  return 0;
}
