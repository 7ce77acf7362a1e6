// A CompiledPlan for a device: every number that its tasks read, in one piece of memory.
//
// Layout   the blob: arrays one behind the other, each at a multiple of kBlobAlignment, so that all
//          of it goes up in one copy. A view holds the addresses that the arrays have on the
//          device; pointers inside the blob (a table's queries, a program's code) are such
//          addresses too.
// Owner    who lays a plan out owns both copies. The view is plain data: tasks hold it by value.
// Thread   start-up only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scoring/compiled_plan.h"

namespace warpscore {

inline constexpr std::size_t kBlobAlignment = 16;

enum class DeviceModel : std::uint8_t { kNone, kForest, kLogistic };

// Where the key of a child table comes from: key column `parent` and the fields `same`.
struct ChildKeyPlan {
  std::uint32_t parent = 0;
  std::uint32_t same_count = 0;
  const std::uint32_t* same = nullptr;
};

struct DeviceInput {
  ModelInput input;
  double unit = 1.0;  // unit_of(input.type)
};

struct DevicePlanView {
  const TablePlan* tables = nullptr;
  const ProgramView* selectors = nullptr;
  const ProgramView* steps = nullptr;
  const ProgramView* alerts = nullptr;
  const ChildKeyPlan* children = nullptr;  // in the order of their key columns
  const DeviceInput* inputs = nullptr;     // of the model
  std::uint32_t table_count = 0;
  std::uint32_t selector_count = 0;
  std::uint32_t step_count = 0;
  std::uint32_t alert_count = 0;
  std::uint32_t child_count = 0;
  std::uint32_t input_count = 0;
  std::uint32_t selector_registers = 0;  // most that one program needs; 0: there is none
  std::uint32_t step_registers = 0;
  std::uint32_t alert_registers = 0;
  std::uint32_t truncated_words = 0;  // columns of marks; 0: no history limit
  DeviceModel model = DeviceModel::kNone;
  ForestView forest{};      // set if model is kForest
  LogisticView logistic{};  // set if model is kLogistic
};

[[nodiscard]] std::size_t device_plan_bytes(const CompiledPlan& plan);

// Writes the blob to `staged` as it is to lie at `device`, and says where things are there.
// REQUIRES: device_plan_bytes(plan) bytes at both, aligned to kBlobAlignment. `device` is not read.
[[nodiscard]] DevicePlanView lay_out_device_plan(const CompiledPlan& plan, std::byte* staged,
                                                 const std::byte* device);

}  // namespace warpscore
