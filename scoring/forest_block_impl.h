// One block of 512 rows through a ForestPlan: the source that each implementation instantiates.
//
// Isa      what an instruction set provides: Mask with load, store, either(a, b), both(a, b),
//          mux(select, right, left) and threshold(high_above, high, low) on 512 bits; search(),
//          which ranks a column; add_leaves(), which decodes and adds; slot_of(row), the place of a
//          row in BlockMemory::margins.
// Linkage  all in an unnamed namespace and without the standard library's templates: the files that
//          include this are compiled for instructions that the machine may lack, and the linker
//          must not take any of their functions for the rest of the program.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "scoring/forest_plan.h"

namespace warpscore {
namespace {

static_assert(std::endian::native == std::endian::little, "masks are read as words and as bytes");

constexpr std::uint32_t kHalfMax = 1U << (kRankBitsMax / 2);  // values of half a rank

template <class Isa>
class BlockScorer {
 public:
  BlockScorer(const ForestPlan& plan, const ForestView& forest, const BlockRowsIn& in,
              const BlockMemory& memory)
      : plan_(plan), forest_(forest), in_(in), memory_(memory) {}

  void run(float* out) {
    set_conditions();
    for (std::size_t r = 0; r < kBlockRows; ++r) memory_.margins[r] = forest_.base_margin;
    const MuxOp* ops = plan_.ops.data();
    for (std::size_t t = 0; t < plan_.trees.size(); ++t) {
      const TreePlan& tree = plan_.trees[t];
      run_ops(ops, tree.op_count);
      ops += tree.op_count;
      if (tree.walks) {
        add_walked(tree);
      } else {
        Isa::add_leaves(tree, memory_.masks, plan_.leaves.data() + tree.table, memory_.margins);
      }
    }
    for (std::size_t r = 0; r < in_.rows; ++r) out[r] = memory_.margins[Isa::slot_of(r)];
  }

 private:
  using Mask = typename Isa::Mask;

  std::uint64_t* mask(std::size_t word) const { return memory_.masks + word; }

  // The column's rows of this block; made up to a whole block where they are fewer.
  const float* column_of(std::uint32_t feature) const {
    const float* rows = in_.columns[feature] + in_.first;
    if (in_.rows == kBlockRows) return rows;
    std::memcpy(memory_.column, rows, in_.rows * sizeof(float));
    std::memset(memory_.column + in_.rows, 0, (kBlockRows - in_.rows) * sizeof(float));
    return memory_.column;
  }

  // What is read after group `g`: the processor does not foresee a jump to another column. The last
  // group's hint is the first column's next block, which may lie past its end: a hint cannot fault.
  const float* column_after(std::size_t g) const {
    const bool last = g + 1 == plan_.groups.size();
    const RankGroup& next = plan_.groups[last ? 0 : g + 1];
    return in_.columns[next.feature] + in_.first + (last ? in_.rows : 0);
  }

  void set_conditions() const {
    std::memset(mask(kMaskZeros), 0x00, kMaskBytes);
    std::memset(mask(kMaskOnes), 0xFF, kMaskBytes);
    const Condition* conditions = plan_.conditions.data();
    std::uint64_t* out = mask(kMaskFirstCondition);
    for (std::size_t g = 0; g < plan_.groups.size(); ++g) {
      const RankGroup& group = plan_.groups[g];
      alignas(64) std::uint64_t rank[(kRankBitsMax + 1) * kMaskWords];
      const float* table = plan_.search_tables.data() + group.table;
      std::uint64_t* present = rank + kRankBitsMax * kMaskWords;
      Isa::search(column_of(group.feature), column_after(g), table, group.rank_bits, rank, present);
      if (group.any_nan_left && any_zero(present)) {
        set_group<true>(group, conditions, rank, out);
      } else {
        set_group<false>(group, conditions, rank, out);
      }
      conditions += group.condition_count;
      out += group.condition_count * kMaskWords;
    }
  }

  static bool any_zero(const std::uint64_t* words) {
    std::uint64_t all = ~std::uint64_t{0};
    for (std::size_t w = 0; w < kMaskWords; ++w) all &= words[w];
    return all != ~std::uint64_t{0};
  }

  // `rank` is the masks of the rank's bits, the highest first, then the mask of "not missing".
  template <bool missing>
  static void set_group(const RankGroup& group, const Condition* conditions,
                        const std::uint64_t* rank, std::uint64_t* out) {
    alignas(64) std::uint64_t high[(kHalfMax + 1) * kMaskWords];
    alignas(64) std::uint64_t low[(kHalfMax + 1) * kMaskWords];
    alignas(64) std::uint64_t keep[2 * kMaskWords];  // by nan_left: what may go right
    const std::uint32_t high_bits = group.rank_bits - group.rank_bits / 2;
    set_at_least(rank, high_bits, high);
    set_at_least(rank + high_bits * kMaskWords, group.rank_bits / 2, low);
    std::memset(keep, 0xFF, kMaskBytes);
    std::memcpy(keep + kMaskWords, rank + kRankBitsMax * kMaskWords, kMaskBytes);
    const std::uint32_t count = group.condition_count;
    for (std::uint32_t c = 0; c < count; ++c) {
      const Condition condition = conditions[c];
      const std::uint64_t* at = high + condition.high * kMaskWords;
      Mask right = Isa::threshold(Isa::load(at + kMaskWords), Isa::load(at),
                                  Isa::load(low + condition.low * kMaskWords));
      if constexpr (missing) {
        right = Isa::both(right, Isa::load(keep + condition.nan_left * kMaskWords));
      }
      Isa::store(out + c * kMaskWords, right);
    }
  }

  // out[k] = "the number of these bits, the highest first, is at least k", k = 0..2^bits.
  static void set_at_least(const std::uint64_t* planes, std::uint32_t bits, std::uint64_t* out) {
    std::memset(out, 0xFF, kMaskBytes);
    std::size_t size = 1;
    for (std::uint32_t bit = bits; bit-- > 0; size *= 2) {
      const Mask plane = Isa::load(planes + bit * kMaskWords);
      for (std::size_t k = 0; k < size; ++k) {
        const Mask lower = Isa::load(out + k * kMaskWords);
        Isa::store(out + (size + k) * kMaskWords, Isa::both(plane, lower));
        if (k != 0) Isa::store(out + k * kMaskWords, Isa::either(plane, lower));
      }
    }
    std::memset(out + size * kMaskWords, 0x00, kMaskBytes);
  }

  void run_ops(const MuxOp* ops, std::uint32_t count) const {
    std::uint64_t* const masks = memory_.masks;  // a copy: the stores below might change the member
    std::uint64_t* out = masks + plan_.first_result();
    for (std::uint32_t o = 0; o < count; ++o, out += kMaskWords) {
      const MuxOp op = ops[o];
      Isa::store(out, Isa::mux(Isa::load(masks + op.select), Isa::load(masks + op.right),
                               Isa::load(masks + op.left)));
    }
  }

  // A tree that was cut: the code says from which node each row walks on.
  void add_walked(const TreePlan& tree) const {
    set_codes(tree);
    const std::uint32_t* exits = plan_.exits.data() + tree.table;
    for (std::size_t r = 0; r < in_.rows; r += kWalkers) {
      std::uint32_t number[kWalkers];
      for (std::size_t w = 0; w < kWalkers; ++w) number[w] = exits[memory_.codes[r + w]];
      walk(r, number);
      for (std::size_t w = 0; w < kWalkers; ++w) {
        float& margin = memory_.margins[Isa::slot_of(r + w)];
        margin = margin + forest_.nodes[number[w]].value;
      }
    }
  }

  static constexpr std::size_t kWalkers = 8;  // rows side by side, to hide the latency of a step

  void walk(std::size_t row, std::uint32_t (&number)[kWalkers]) const {
    const std::size_t last = in_.first + in_.rows - 1;
    bool moving = true;
    while (moving) {
      moving = false;
      for (std::size_t w = 0; w < kWalkers; ++w) {
        const ForestNode& node = forest_.nodes[number[w]];
        const std::size_t at = in_.first + row + w;
        if (node.left == 0) continue;
        number[w] = next_node(node, in_.columns[node.feature][at < last ? at : last]);
        moving = true;
      }
    }
  }

  // Codes of all rows, in the rows' own order.
  void set_codes(const TreePlan& tree) const {
    for (std::size_t byte = 0; byte < kMaskBytes; ++byte) {
      const std::uint64_t low = codes_of(tree, memory_.masks, byte, 0);
      const std::uint64_t high = codes_of(tree, memory_.masks, byte, 8);
      for (std::size_t r = 0; r < 8; ++r) {
        memory_.codes[8 * byte + r] =
            static_cast<std::uint16_t>((low >> 8 * r & 0xFF) | (high >> 8 * r & 0xFF) << 8);
      }
    }
  }

 public:
  // Code bits from `bit` on of the eight rows of a byte, one row a byte, in their own order.
  static std::uint64_t codes_of(const TreePlan& tree, const std::uint64_t* masks, std::size_t byte,
                                std::uint32_t bit) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(masks);
    std::uint64_t bits = 0;
    for (std::uint32_t b = bit; b < tree.code_bits && b < bit + 8; ++b) {
      bits |= std::uint64_t{bytes[tree.planes[b] * sizeof(*masks) + byte]} << (8 * (b - bit));
    }
    return transposed(bits);
  }

  // Bit 8 i + j becomes bit 8 j + i.
  static std::uint64_t transposed(std::uint64_t bits) {
    std::uint64_t swap = (bits ^ (bits >> 7)) & 0x00AA00AA00AA00AAU;
    bits ^= swap ^ (swap << 7);
    swap = (bits ^ (bits >> 14)) & 0x0000CCCC0000CCCCU;
    bits ^= swap ^ (swap << 14);
    swap = (bits ^ (bits >> 28)) & 0x00000000F0F0F0F0U;
    return bits ^ swap ^ (swap << 28);
  }

 private:
  const ForestPlan& plan_;
  const ForestView& forest_;
  const BlockRowsIn& in_;
  const BlockMemory& memory_;
};

}  // namespace
}  // namespace warpscore
