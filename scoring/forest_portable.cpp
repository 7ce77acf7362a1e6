// The bit-sliced forest on plain 64-bit words: any machine, and the compiler's own vectors.
#include "scoring/forest_block_impl.h"

namespace warpscore {
namespace {

struct Portable {
  struct Mask {
    std::uint64_t words[kMaskWords];
  };

  static Mask load(const std::uint64_t* from) {
    Mask mask;
    std::memcpy(mask.words, from, kMaskBytes);
    return mask;
  }
  static void store(std::uint64_t* to, const Mask& mask) {
    std::memcpy(to, mask.words, kMaskBytes);
  }

  static Mask either(Mask a, const Mask& b) {
    for (std::size_t w = 0; w < kMaskWords; ++w) a.words[w] |= b.words[w];
    return a;
  }
  static Mask both(Mask a, const Mask& b) {
    for (std::size_t w = 0; w < kMaskWords; ++w) a.words[w] &= b.words[w];
    return a;
  }
  static Mask mux(const Mask& select, const Mask& right, Mask left) {
    for (std::size_t w = 0; w < kMaskWords; ++w) {
      left.words[w] ^= select.words[w] & (left.words[w] ^ right.words[w]);
    }
    return left;
  }
  static Mask threshold(Mask above, const Mask& high, const Mask& low) {
    for (std::size_t w = 0; w < kMaskWords; ++w) above.words[w] |= high.words[w] & low.words[w];
    return above;
  }

  // Eight rows a step; their paths are turned into eight bits of each level's mask at once.
  static void search(const float* column, const float* /*next_column*/, const float* table,
                     std::uint32_t rank_bits, std::uint64_t* rank, std::uint64_t* present) {
    auto* out = reinterpret_cast<std::uint8_t*>(rank);
    auto* out_present = reinterpret_cast<std::uint8_t*>(present);
    for (std::size_t byte = 0; byte < kMaskBytes; ++byte) {
      const float* values = column + 8 * byte;
      std::uint32_t paths[8] = {};
      for (std::uint32_t level = 0; level < rank_bits; ++level) {
        const float* limits = table + search_level_offset(level);
        for (std::size_t r = 0; r < 8; ++r) {
          // Not "value >= limit": a missing value answers yes throughout.
          const bool right = !(values[r] < limits[paths[r]]);
          paths[r] |= static_cast<std::uint32_t>(right) << level;
        }
      }
      std::uint64_t bits = 0;
      std::uint32_t here = 0;
      for (std::size_t r = 0; r < 8; ++r) {
        bits |= std::uint64_t{paths[r]} << (8 * r);
        here |= static_cast<std::uint32_t>(values[r] == values[r]) << r;
      }
      bits = BlockScorer<Portable>::transposed(bits);
      for (std::uint32_t level = 0; level < rank_bits; ++level) {
        out[level * kMaskBytes + byte] = static_cast<std::uint8_t>(bits >> (8 * level));
      }
      out_present[byte] = static_cast<std::uint8_t>(here);
    }
  }

  static std::size_t slot_of(std::size_t row) { return row; }

  static void add_leaves(const TreePlan& tree, const std::uint64_t* masks, const float* leaves,
                         float* margins) {
    for (std::size_t byte = 0; byte < kMaskBytes; ++byte) {
      const std::uint64_t low = BlockScorer<Portable>::codes_of(tree, masks, byte, 0);
      const std::uint64_t high =
          tree.code_bits > 8 ? BlockScorer<Portable>::codes_of(tree, masks, byte, 8) : 0;
      for (std::size_t r = 0; r < 8; ++r) {
        float& margin = margins[8 * byte + r];
        margin = margin + leaves[(low >> 8 * r & 0xFF) | (high >> 8 * r & 0xFF) << 8];
      }
    }
  }
};

}  // namespace

void score_block_portable(const ForestPlan& plan, const ForestView& forest, const BlockRowsIn& in,
                          const BlockMemory& memory, float* out) {
  BlockScorer<Portable>(plan, forest, in, memory).run(out);
}

}  // namespace warpscore
