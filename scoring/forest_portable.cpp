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

  static void search(const float* column, const float* table, std::uint32_t rank_bits,
                     std::uint64_t* rank, std::uint64_t* present) {
    for (std::size_t w = 0; w < kMaskWords; ++w) {
      std::uint64_t planes[kRankBitsMax] = {};
      std::uint64_t here = 0;
      for (std::uint32_t r = 0; r < 64; ++r) {
        const float value = column[64 * w + r];
        std::uint32_t path = 0;
        for (std::uint32_t level = 0; level < rank_bits; ++level) {
          // Not "value >= threshold": a missing value answers yes throughout.
          const bool right = !(value < table[search_level_offset(level) + path]);
          path |= static_cast<std::uint32_t>(right) << level;
          planes[level] |= std::uint64_t{right} << r;
        }
        here |= std::uint64_t{value == value} << r;
      }
      for (std::uint32_t level = 0; level < rank_bits; ++level) {
        rank[level * kMaskWords + w] = planes[level];
      }
      present[w] = here;
    }
  }

  static std::size_t slot_of(std::size_t row) { return row; }

  static void add_leaves(const TreePlan& tree, const std::uint64_t* masks, const float* leaves,
                         float* margins) {
    for (std::size_t byte = 0; byte < kMaskBytes; ++byte) {
      std::uint64_t codes = 0;
      for (std::uint32_t b = 0; b < tree.code_bits; ++b) {
        const std::uint64_t word = masks[tree.planes[b] * kMaskWords + byte / 8];
        codes |= (word >> (8 * (byte % 8)) & 0xFFU) << (8 * b);
      }
      codes = BlockScorer<Portable>::transposed(codes);
      for (std::size_t r = 0; r < 8; ++r) {
        float& margin = margins[8 * byte + r];
        margin = margin + leaves[codes >> (8 * r) & 0xFFU];
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
