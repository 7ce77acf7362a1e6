// Columns of made-up payments for the benches, without text: what a decoder would have filled.
#pragma once

#include <cstdint>
#include <vector>

#include "base/batch.h"
#include "base/key.h"

namespace warpscore::bench {

// Columns of one field layout: customer, terminal, amount; label beside.
struct PaymentColumns {
  std::vector<std::int64_t> time_ms;
  std::vector<Key> customer;
  std::vector<Key> terminal;
  std::vector<Lane> customer_lane;
  std::vector<Lane> terminal_lane;
  std::vector<Lane> amount;
  std::vector<Lane> label;
  std::vector<std::uint64_t> id_hash;

  void add(std::int64_t time, std::uint64_t customer_id, std::uint64_t terminal_id,
           std::int64_t cents, bool fraud) {
    time_ms.push_back(time);
    customer.push_back(key_of(std::to_string(customer_id)));
    terminal.push_back(key_of(std::to_string(terminal_id)));
    customer_lane.push_back(fingerprint_of(customer.back()));
    terminal_lane.push_back(fingerprint_of(terminal.back()));
    amount.push_back(cents);
    label.push_back(fraud ? 1 : 0);
    id_hash.push_back(time_ms.size());
  }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(time_ms.size()); }

  // So that going round again is a time after, as in a real stream.
  void shift(std::int64_t by_ms) {
    for (std::int64_t& time : time_ms) time += by_ms;
  }
};

// A view of rows [first, first + count). Good until the next call.
class PaymentView {
 public:
  BatchView of(const PaymentColumns& columns, std::uint32_t first, std::uint32_t count) {
    keys_[0] = columns.customer.data() + first;
    keys_[1] = columns.terminal.data() + first;
    fields_[0] = columns.customer_lane.data() + first;
    fields_[1] = columns.terminal_lane.data() + first;
    fields_[2] = columns.amount.data() + first;
    return {count,   columns.time_ms.data() + first, keys_,
            fields_, columns.label.data() + first,   columns.id_hash.data() + first};
  }

 private:
  const Key* keys_[2] = {};
  const Lane* fields_[3] = {};
};

// customer and terminal keys, amount in cents, labels in the input.
inline Schema payment_schema() {
  Schema schema;
  schema.id_source = "tx_id";
  schema.time_source = "ts_ms";
  schema.fields = {{"customer", "customer", FieldType::kKey, 0, false, false, 0, 0},
                   {"terminal", "terminal", FieldType::kKey, 0, false, false, 0, 1},
                   {"amount", "amount_cents", FieldType::kInteger, 0, false, false, 0, 0}};
  schema.key_count = 2;
  schema.labels = LabelSource{"fraud", "", "", ""};
  return schema;
}

}  // namespace warpscore::bench
