#include "scoring/device_plan.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "base/check.h"
#include "scoring/model_input.h"

namespace warpscore {
namespace {

// Arrays one behind the other. Without memory it only counts: so the size and the layout are one
// piece of code.
class Blob {
 public:
  Blob() = default;
  Blob(std::byte* staged, const std::byte* device) : staged_(staged), device_(device) {}

  // The array's address on the device; nullptr if it is empty.
  template <class T>
  const T* add(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= kBlobAlignment);
    if (values.empty()) return nullptr;
    const std::size_t at = used_;
    const std::size_t room =
        (values.size_bytes() + kBlobAlignment - 1) / kBlobAlignment * kBlobAlignment;
    used_ += room;
    if (staged_ == nullptr) return nullptr;
    std::memcpy(staged_ + at, values.data(), values.size_bytes());
    std::memset(staged_ + at + values.size_bytes(), 0, room - values.size_bytes());
    return reinterpret_cast<const T*>(device_ + at);
  }
  template <class T>
  const T* add(const std::vector<T>& values) {
    return add(std::span<const T>(values));
  }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  std::byte* staged_ = nullptr;
  const std::byte* device_ = nullptr;
  std::size_t used_ = 0;
};

const TablePlan* add_tables(Blob& blob, const CompiledPlan& plan) {
  std::vector<TablePlan> tables = plan.tables;
  for (std::size_t t = 0; t < tables.size(); ++t) {
    const TableParts& parts = plan.parts[t];
    TablePlan& table = tables[t];
    table.edges = blob.add(parts.edges);
    table.counts = blob.add(parts.counts);
    table.sums = blob.add(parts.sums);
    table.squares = blob.add(parts.squares);
    table.extremes = blob.add(parts.extremes);
    table.distincts = blob.add(parts.distincts);
    table.lasts = blob.add(parts.lasts);
    table.previous = blob.add(parts.previous);
    table.queries = blob.add(parts.queries);
  }
  return blob.add(tables);
}

const ProgramView* add_programs(Blob& blob, const std::vector<Program>& programs) {
  std::vector<ProgramView> views;
  for (const Program& program : programs) {
    views.push_back({blob.add(program.code), static_cast<std::uint32_t>(program.code.size())});
  }
  return blob.add(views);
}

std::uint32_t registers_of(const std::vector<Program>& programs) {
  std::uint32_t most = 0;
  for (const Program& program : programs) most = std::max(most, program.registers);
  WARPSCORE_CHECK(most <= kProgramRegistersMax);
  return most;
}

void add_children(Blob& blob, const CompiledPlan& plan, DevicePlanView& view) {
  std::vector<ChildKeyPlan> children;
  for (const TableParts& parts : plan.parts) {
    if (parts.same.empty()) continue;
    children.push_back(
        {parts.key_field, static_cast<std::uint32_t>(parts.same.size()), blob.add(parts.same)});
  }
  view.child_count = static_cast<std::uint32_t>(children.size());
  view.children = blob.add(children);
}

void add_model(Blob& blob, const CompiledPlan& plan, const std::optional<ForestTiles>& tiles,
               DevicePlanView& view) {
  if (!plan.model) return;
  std::vector<DeviceInput> inputs;
  for (const ModelInput& input : plan.model_inputs) inputs.push_back({input, unit_of(input.type)});
  view.input_count = static_cast<std::uint32_t>(inputs.size());
  view.inputs = blob.add(inputs);
  if (tiles) {
    view.model = DeviceModel::kForest;
    const std::byte* const at = blob.add(tiles->bytes());
    if (at != nullptr) view.forest = tiles->view(at);  // else it is only counted
    return;
  }
  const Logistic& logistic = *plan.model->logistic;
  view.model = DeviceModel::kLogistic;
  view.logistic = logistic.view();
  view.logistic.mean = blob.add(logistic.mean);
  view.logistic.scale = blob.add(logistic.scale);
  view.logistic.coef = blob.add(logistic.coef);
}

DevicePlanView add_all(Blob& blob, const CompiledPlan& plan,
                       const std::optional<ForestTiles>& tiles) {
  DevicePlanView view;
  view.table_count = static_cast<std::uint32_t>(plan.tables.size());
  view.tables = add_tables(blob, plan);
  view.selector_count = static_cast<std::uint32_t>(plan.selectors.size());
  view.selector_registers = registers_of(plan.selectors);
  view.selectors = add_programs(blob, plan.selectors);
  view.step_count = static_cast<std::uint32_t>(plan.steps.size());
  view.step_registers = registers_of(plan.steps);
  view.steps = add_programs(blob, plan.steps);
  view.alert_count = static_cast<std::uint32_t>(plan.alert_programs.size());
  view.alert_registers = registers_of(plan.alert_programs);
  view.alerts = add_programs(blob, plan.alert_programs);
  if (plan.state.history_max != 0) {
    view.truncated_words = static_cast<std::uint32_t>((plan.features.size() + 63) / 64);
  }
  add_children(blob, plan, view);
  add_model(blob, plan, tiles, view);
  return view;
}

}  // namespace

DevicePlan::DevicePlan(const CompiledPlan& plan, std::size_t forest_bytes) : plan_(plan) {
  if (plan.model && plan.model->kind == ModelKind::kForest) {
    const Forest& forest = *plan.model->forest;
    tiles_.emplace(forest.view(), forest.nodes().size(), forest_bytes);
  }
  Blob blob;
  (void)add_all(blob, plan_, tiles_);
  bytes_ = blob.used();
}

DevicePlanView DevicePlan::lay_out(std::byte* staged, const std::byte* device) const {
  WARPSCORE_CHECK(reinterpret_cast<std::uintptr_t>(device) % kBlobAlignment == 0);
  Blob blob(staged, device);
  return add_all(blob, plan_, tiles_);
}

}  // namespace warpscore
