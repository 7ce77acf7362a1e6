// The device's score pass on any Queue against the host's block pass: every bit of every column.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <string>
#include <vector>

#include "scoring/score_pass_impl.h"
#include "tests/scoring/score_pass_case.h"

namespace warpscore {

// Stands for the feature pass, which refuses rows; notes what the marks were before.
struct RefuseRows {
  const std::uint8_t* wanted;
  std::uint8_t* refused;
  std::uint8_t* before;

  WARPSCORE_HD void operator()(std::uint32_t row) const {
    before[row] = refused[row];
    refused[row] = wanted[row];
  }
};

// A number that every table's every query has a part in, read by addresses of the device.
struct SumOfTables {
  const TablePlan* tables;
  std::uint32_t table_count;
  std::uint64_t* sum;

  WARPSCORE_HD void operator()(std::uint32_t) const {
    for (std::uint32_t t = 0; t < table_count; ++t) {
      const TablePlan& table = tables[t];
      for (std::uint32_t q = 0; q < table.query_count; ++q) {
        const Query& query = table.queries[q];
        *sum = mix64(*sum + query.output);
        if (query.lo != kNone) *sum += static_cast<std::uint64_t>(table.edges[query.lo].offset);
        if (query.count != kNone) *sum += table.counts[query.count].word;
      }
    }
  }
};

// The columns of one batch in a queue's memory, laid out as a device engine would.
template <class Queue>
class ScoreSlot {
 public:
  static constexpr std::byte kOldByte{0xc3};  // what outputs hold before: no pass may leave it

  ScoreSlot(Queue& queue, const ScoreCase& given, std::size_t forest_bytes)
      : queue_(queue),
        given_(given),
        plan_(upload_plan(queue, DevicePlan(given.plan, forest_bytes))) {
    const CompiledPlan& plan = given.plan;
    const std::uint32_t words = static_cast<std::uint32_t>((plan.alerts.size() + 63) / 64);
    selectors_ = old_columns<Lane>(plan.selectors.size());
    steps_ = old_columns<Lane>(plan.steps.size());
    children_ = old_columns<Key>(plan_.child_count);
    truncated_ = old_columns<std::uint64_t>(plan_.truncated_words);
    fired_ = old_columns<std::uint64_t>(words);
    columns_.score = old_column<Lane>();
    columns_.margin = old_column<Lane>();
    columns_.condition = old_column<Lane>();
    columns_.late = old_column<std::uint8_t>();
    columns_.refused = old_column<std::uint8_t>();
    refused_before_ = old_column<std::uint8_t>();
    columns_.stride = given.rows;
    columns_.inputs =
        reinterpret_cast<float*>(old_memory(plan.model_inputs.size() * given.rows * sizeof(float)));
    columns_.rows = up(std::vector<std::uint32_t>{0});
    columns_.forest_margins = old_column<float>();
    columns_.overflows = up(std::vector<std::uint64_t>{0});
    wanted_ = up(given.refused);
    bind();
    queue.wait(queue.fence());
  }
  ScoreSlot(const ScoreSlot&) = delete;
  ScoreSlot& operator=(const ScoreSlot&) = delete;
  ~ScoreSlot() {
    for (const Staged& staged : staged_) {
      queue_.staging_memory().deallocate(staged.at, staged.bytes, kBlobAlignment);
    }
  }

  void run(std::uint32_t rows) {
    queue_.begin(++batch_);
    enqueue_prepare(queue_, plan_, columns_, rows);
    queue_.each("refuse rows", rows, RefuseRows{wanted_, columns_.refused, refused_before_});
    enqueue_score(queue_, plan_, columns_, rows);
  }

  // `overflows`: of all that was run so far.
  void expect(const ScoreAnswers& host, std::uint64_t overflows, std::uint32_t rows) {
    expect_columns("selector", selectors_, host.selectors, rows);
    expect_columns("step", steps_, host.steps, rows);
    expect_columns("fired", fired_, host.fired, rows);
    expect_column("margin", columns_.margin, host.margin, rows);
    expect_column("score", columns_.score, host.score, rows);
    expect_column("late", columns_.late, std::vector<std::uint8_t>(rows), rows);
    expect_column("refused before", refused_before_, std::vector<std::uint8_t>(rows), rows);
    for (const std::uint64_t* const marks : truncated_) {
      expect_column("truncated", marks, std::vector<std::uint64_t>(rows), rows);
    }
    expect_columns("child key", children_, child_keys(rows), rows);
    EXPECT_EQ(down(columns_.overflows, 1)[0], overflows);
  }

  void expect_tables() {
    std::uint64_t host = 0;
    const CompiledPlan& plan = given_.plan;
    SumOfTables{plan.tables.data(), static_cast<std::uint32_t>(plan.tables.size()), &host}(0);
    std::uint64_t* const sum = up(std::vector<std::uint64_t>{0});
    queue_.each("sum of tables", 1, SumOfTables{plan_.tables, plan_.table_count, sum});
    EXPECT_EQ(down(sum, 1)[0], host);
  }

 private:
  struct Staged {
    std::byte* at;
    std::size_t bytes;
  };

  std::byte* stage(std::size_t bytes) {
    auto* const at =
        static_cast<std::byte*>(queue_.staging_memory().allocate(bytes, kBlobAlignment));
    staged_.push_back({at, bytes});
    return at;
  }
  template <class T>
  T* up(const std::vector<T>& values) {
    if (values.empty()) return nullptr;
    const std::size_t bytes = values.size() * sizeof(T);
    std::byte* const staged = stage(bytes);
    std::memcpy(staged, values.data(), bytes);
    std::byte* const device = queue_.device_memory(bytes);
    queue_.copy_in(device, staged, bytes);
    queue_.copied_in();
    return reinterpret_cast<T*>(device);
  }
  template <class T>
  std::vector<T> down(const T* device, std::uint32_t count) {
    std::byte* const staged = stage(count * sizeof(T));
    queue_.computed();
    queue_.copy_out(staged, device, count * sizeof(T));
    queue_.wait(queue_.fence());
    std::vector<T> values(count);
    std::memcpy(values.data(), staged, count * sizeof(T));
    return values;
  }
  std::byte* old_memory(std::size_t bytes) { return up(std::vector<std::byte>(bytes, kOldByte)); }
  template <class T>
  T* old_column() {
    return reinterpret_cast<T*>(old_memory(given_.rows * sizeof(T)));
  }
  template <class T>
  std::vector<T*> old_columns(std::size_t count) {
    std::vector<T*> columns;
    for (std::size_t c = 0; c < count; ++c) columns.push_back(old_column<T>());
    return columns;
  }

  void bind() {
    std::vector<const Lane*> columns;
    for (const ColumnSource& source : given_.plan.columns) {
      const Lane* column = nullptr;
      if (const std::vector<Lane>* const lanes = given_.given(source)) column = up(*lanes);
      if (source.kind == ColumnKind::kStep) column = steps_[source.index];
      if (source.kind == ColumnKind::kScore) column = columns_.score;
      if (source.kind == ColumnKind::kMargin) column = columns_.margin;
      columns.push_back(column);
    }
    std::vector<const Lane*> fields;
    for (const auto& lanes : given_.fields) fields.push_back(up(lanes));
    std::vector<const Key*> keys;
    for (const auto& column : given_.keys) keys.push_back(up(column));
    columns_.columns = up(columns);
    columns_.fields = up(fields);
    columns_.keys = up(keys);
    columns_.children = up(children_);
    columns_.selectors = up(selectors_);
    columns_.steps = up(steps_);
    columns_.truncated = up(truncated_);
    columns_.fired = up(fired_);
  }

  // From the definition: key field first, then the fields of `same` in their order.
  std::vector<std::vector<Key>> child_keys(std::uint32_t rows) const {
    std::vector<std::vector<Key>> columns;
    for (const TableParts& parts : given_.plan.parts) {
      if (parts.same.empty()) continue;
      columns.emplace_back(given_.keys[parts.key_field].begin(),
                           given_.keys[parts.key_field].begin() + rows);
      for (std::uint32_t i = 0; i < rows; ++i) {
        Key& key = columns.back()[i];
        if (key.empty()) continue;
        for (const std::uint32_t field : parts.same) key = joined_key(key, given_.fields[field][i]);
      }
    }
    return columns;
  }

  template <class T>
  void expect_column(const std::string& what, const T* device, const std::vector<T>& host,
                     std::uint32_t rows) {
    const std::vector<T> found = down(device, rows);
    std::uint32_t different = 0;
    std::uint32_t first = 0;
    for (std::uint32_t i = rows; i-- > 0;) {
      if (found[i] == host[i]) continue;
      ++different;
      first = i;
    }
    EXPECT_EQ(different, 0U) << what << ", first in row " << first << " of " << rows;
  }
  template <class T>
  void expect_columns(const std::string& what, const std::vector<T*>& device,
                      const std::vector<std::vector<T>>& host, std::uint32_t rows) {
    ASSERT_EQ(device.size(), host.size()) << what;
    for (std::size_t c = 0; c < device.size(); ++c) {
      expect_column(what + " " + std::to_string(c), device[c], host[c], rows);
    }
  }

  Queue& queue_;
  const ScoreCase& given_;
  const DevicePlanView plan_;
  ScoreColumns columns_;
  std::vector<Lane*> selectors_;
  std::vector<Lane*> steps_;
  std::vector<Key*> children_;
  std::vector<std::uint64_t*> truncated_;
  std::vector<std::uint64_t*> fired_;
  std::uint8_t* refused_before_ = nullptr;
  const std::uint8_t* wanted_ = nullptr;
  std::vector<Staged> staged_;
  std::uint64_t batch_ = 0;
};

// All rows, then fewer over what they left; and the tables as the device sees them.
template <class Queue>
void expect_same_as_host(Queue& queue, const ScoreCaseShape& shape) {
  SCOPED_TRACE("seed " + std::to_string(shape.seed) + ", rows " + std::to_string(shape.rows));
  const ScoreCase given(shape);
  // Now and then trees that no tile holds.
  ScoreSlot<Queue> slot(queue, given, shape.seed % 5 == 0 ? 0 : kSharedBytesMax);
  const ScoreAnswers all = answers_of_host(given, given.rows);
  slot.run(given.rows);
  slot.expect(all, all.overflows, given.rows);
  const std::uint32_t fewer = given.rows / 2;
  if (fewer > 0) {
    const ScoreAnswers some = answers_of_host(given, fewer);
    slot.run(fewer);
    slot.expect(some, all.overflows + some.overflows, fewer);
  }
  slot.expect_tables();
}

// The shapes that every device is tried with; `first_seed` tells their random parts apart.
template <class Queue>
void expect_same_for_all_shapes(Queue& queue, std::uint64_t first_seed) {
  ScoreCaseShape shape;
  shape.seed = first_seed;
  for (const std::uint32_t rows : {1U, 2U, 63U, 64U, 65U, 128U, 300U, 1000U}) {
    shape.rows = rows;
    for (const std::uint32_t alerts : {0U, 1U, 5U, 63U, 64U, 65U, 130U}) {
      shape.alerts = alerts;
      shape.deep = shape.seed % 3 == 0;
      shape.refuses = shape.seed % 2 == 0;
      expect_same_as_host(queue, shape);
      ++shape.seed;
    }
  }
}

}  // namespace warpscore
