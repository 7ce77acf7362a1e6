// A CompiledPlan for a device: every number that its tasks read, in one piece of memory.
//
// Layout   the blob: arrays one behind the other, each at a multiple of kBlobAlignment, so that all
//          of it goes up in one copy. A view holds the addresses that the arrays have on the
//          device; pointers inside the blob (a table's queries, a program's code) are such
//          addresses too.
// Owner    who lays a plan out owns both copies. The view is plain data: tasks hold it by value.
// The
//          CompiledPlan outlives the DevicePlan, which is of no use once it is laid out.
// Thread   start-up only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "scoring/compiled_plan.h"
#include "scoring/forest_tiles.h"

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
  ForestTilesView forest{};  // set if model is kForest
  LogisticView logistic{};   // set if model is kLogistic
};

class DevicePlan {
 public:
  // `forest_bytes`: fast memory that a team scoring a forest may have; 0: rows walk their trees.
  explicit DevicePlan(const CompiledPlan& plan, std::size_t forest_bytes = kSharedBytesMax);

  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  // Writes the blob to `staged` as it is to lie at `device`, and says where things are there.
  // REQUIRES: bytes() bytes at both, aligned to kBlobAlignment. `device` is not touched.
  [[nodiscard]] DevicePlanView lay_out(std::byte* staged, const std::byte* device) const;

 private:
  const CompiledPlan& plan_;
  std::optional<ForestTiles> tiles_;
  std::size_t bytes_ = 0;
};

}  // namespace warpscore
