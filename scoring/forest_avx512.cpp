// The bit-sliced forest with AVX-512 F, BW, VL and DQ. Compiled for these; called only where they
// are.
#include <immintrin.h>

#include "scoring/forest_block_impl.h"

namespace warpscore {
namespace {

constexpr std::size_t kLanes = 16;

struct Avx512 {
  using Mask = __m512i;

  static Mask load(const std::uint64_t* from) { return _mm512_load_si512(from); }
  static void store(std::uint64_t* to, Mask mask) { _mm512_store_si512(to, mask); }
  static Mask either(Mask a, Mask b) { return _mm512_or_si512(a, b); }
  static Mask both(Mask a, Mask b) { return _mm512_and_si512(a, b); }
  // The last argument is the truth table over (first, second, third operand) = 7..0.
  static Mask mux(Mask select, Mask right, Mask left) {
    return _mm512_ternarylogic_epi64(select, right, left, 0xCA);
  }
  static Mask threshold(Mask above, Mask high, Mask low) {
    return _mm512_ternarylogic_epi64(above, high, low, 0xF8);
  }

  static __m512 level(const float* table, std::uint32_t number, std::size_t part) {
    return _mm512_loadu_ps(table + search_level_offset(number) + kLanes * part);
  }

  // Thresholds of the next level for 16 rows. `path` has the first five answers as a number; later
  // ones choose between registers.
  template <std::uint32_t number>
  static __m512 thresholds(const float* table, __m512i path, const __mmask16* answers) {
    if constexpr (number == 0) {
      return _mm512_set1_ps(table[0]);
    } else if constexpr (number <= 4) {
      return _mm512_permutexvar_ps(path, level(table, number, 0));
    } else if constexpr (number == 5) {
      return pair(table, number, 0, path);
    } else if constexpr (number == 6) {
      return _mm512_mask_blend_ps(answers[5], pair(table, number, 0, path),
                                  pair(table, number, 1, path));
    } else {
      const __m512 low = _mm512_mask_blend_ps(answers[5], pair(table, number, 0, path),
                                              pair(table, number, 1, path));
      const __m512 high = _mm512_mask_blend_ps(answers[5], pair(table, number, 2, path),
                                               pair(table, number, 3, path));
      return _mm512_mask_blend_ps(answers[6], low, high);
    }
  }

  static __m512 pair(const float* table, std::uint32_t number, std::size_t which, __m512i path) {
    return _mm512_permutex2var_ps(level(table, number, 2 * which), path,
                                  level(table, number, 2 * which + 1));
  }

  template <std::uint32_t number, std::uint32_t rank_bits>
  static void descend(const float* table, __m512 values, __m512i path, __mmask16* answers) {
    if constexpr (number < rank_bits) {
      const __m512 limits = thresholds<number>(table, path, answers);
      // "Not less, or unordered": a missing value answers yes throughout.
      answers[number] = _mm512_cmp_ps_mask(values, limits, _CMP_NLT_UQ);
      if constexpr (number < 5) {
        path = _mm512_mask_or_epi32(path, answers[number], path, _mm512_set1_epi32(1 << number));
      }
      descend<number + 1, rank_bits>(table, values, path, answers);
    }
  }

  template <std::uint32_t rank_bits>
  static void search_levels(const float* column, const float* next_column, const float* table,
                            std::uint64_t* rank, std::uint64_t* present) {
    auto* out = reinterpret_cast<__mmask16*>(rank);
    auto* out_present = reinterpret_cast<__mmask16*>(present);
    for (std::size_t v = 0; v < kBlockRows / kLanes; ++v) {
      _mm_prefetch(reinterpret_cast<const char*>(next_column + kLanes * v), _MM_HINT_T0);
      const __m512 values = _mm512_loadu_ps(column + kLanes * v);
      __mmask16 answers[rank_bits];
      descend<0, rank_bits>(table, values, _mm512_setzero_si512(), answers);
      for (std::uint32_t l = 0; l < rank_bits; ++l) out[l * (kMaskBytes / 2) + v] = answers[l];
      out_present[v] = _mm512_cmp_ps_mask(values, values, _CMP_ORD_Q);
    }
  }

  static void search(const float* column, const float* next_column, const float* table,
                     std::uint32_t rank_bits, std::uint64_t* rank, std::uint64_t* present) {
    switch (rank_bits) {
      case 1:
        return search_levels<1>(column, next_column, table, rank, present);
      case 2:
        return search_levels<2>(column, next_column, table, rank, present);
      case 3:
        return search_levels<3>(column, next_column, table, rank, present);
      case 4:
        return search_levels<4>(column, next_column, table, rank, present);
      case 5:
        return search_levels<5>(column, next_column, table, rank, present);
      case 6:
        return search_levels<6>(column, next_column, table, rank, present);
      case 7:
        return search_levels<7>(column, next_column, table, rank, present);
      default:
        return search_levels<8>(column, next_column, table, rank, present);
    }
  }

  // Codes are bytes of a register, and register q of a group takes byte q of every 32-bit lane, so
  // that a shift replaces unpacking: row 64 g + 4 lane + q lies at 64 g + 16 q + lane.
  static std::size_t slot_of(std::size_t row) {
    return (row & ~std::size_t{63}) | (row & 3) << 4 | (row >> 2 & 15);
  }

  // The leaf values of 16 rows by the lowest byte of each lane of `codes`.
  template <std::uint32_t code_bits>
  static __m512 look_up(const __m512* leaves, __m512i codes) {
    if constexpr (code_bits <= 4) {
      return _mm512_permutexvar_ps(codes, leaves[0]);
    } else if constexpr (code_bits == 5) {
      return _mm512_permutex2var_ps(leaves[0], codes, leaves[1]);
    } else {
      constexpr std::uint32_t kHalf = 1U << (code_bits - 1);
      const __mmask16 upper =
          _mm512_test_epi32_mask(codes, _mm512_set1_epi32(static_cast<int>(kHalf)));
      return _mm512_mask_blend_ps(upper, look_up<code_bits - 1>(leaves, codes),
                                  look_up<code_bits - 1>(leaves + kHalf / kLanes, codes));
    }
  }

  // 64 codes as bytes: their bits from `first` to `end`.
  static __m512i bytes_of(const std::uint64_t* const* planes, std::size_t g, std::uint32_t first,
                          std::uint32_t end) {
    __m512i codes = _mm512_setzero_si512();
    for (std::uint32_t b = first; b < end; ++b) {
      const __m512i bit = _mm512_set1_epi8(static_cast<char>(1U << (b - first)));
      codes = _mm512_mask_add_epi8(codes, planes[b][g], codes, bit);
    }
    return codes;
  }

  template <std::uint32_t code_bits>
  static void add_codes(const TreePlan& tree, const std::uint64_t* masks, const float* leaves,
                        float* margins) {
    constexpr std::size_t kRegisters = code_bits <= 4 ? 1 : (1U << code_bits) / kLanes;
    __m512 values[kRegisters];
    for (std::size_t i = 0; i < kRegisters; ++i) values[i] = _mm512_loadu_ps(leaves + kLanes * i);
    const std::uint64_t* planes[kCodeBitsMax];
    for (std::uint32_t b = 0; b < code_bits; ++b) planes[b] = masks + tree.planes[b];
    for (std::size_t g = 0; g < kMaskWords; ++g) {
      __m512i codes = bytes_of(planes, g, 0, code_bits);
      for (std::size_t q = 0; q < 4; ++q) {
        float* at = margins + 64 * g + kLanes * q;
        const __m512 leaf = look_up<code_bits>(values, codes);
        _mm512_store_ps(at, _mm512_add_ps(_mm512_load_ps(at), leaf));
        codes = _mm512_srli_epi32(codes, 8);
      }
    }
  }

  // Codes of more than eight bits: two bytes each, and a table too large for registers.
  static void add_wide_codes(const TreePlan& tree, const std::uint64_t* masks, const float* leaves,
                             float* margins) {
    const std::uint32_t code_bits = tree.code_bits;
    const std::uint64_t* planes[kCodeBitsMax];
    for (std::uint32_t b = 0; b < code_bits; ++b) planes[b] = masks + tree.planes[b];
    const __m512i byte = _mm512_set1_epi32(0xFF);
    for (std::size_t g = 0; g < kMaskWords; ++g) {
      __m512i low = bytes_of(planes, g, 0, 8);
      __m512i high = bytes_of(planes, g, 8, code_bits);
      for (std::size_t q = 0; q < 4; ++q) {
        float* at = margins + 64 * g + kLanes * q;
        const __m512i codes = _mm512_or_si512(_mm512_and_si512(low, byte),
                                              _mm512_slli_epi32(_mm512_and_si512(high, byte), 8));
        const __m512 leaf = _mm512_i32gather_ps(codes, leaves, 4);
        _mm512_store_ps(at, _mm512_add_ps(_mm512_load_ps(at), leaf));
        low = _mm512_srli_epi32(low, 8);
        high = _mm512_srli_epi32(high, 8);
      }
    }
  }

  static void add_leaves(const TreePlan& tree, const std::uint64_t* masks, const float* leaves,
                         float* margins) {
    switch (tree.code_bits) {
      case 0:
        return add_codes<0>(tree, masks, leaves, margins);
      case 1:
        return add_codes<1>(tree, masks, leaves, margins);
      case 2:
        return add_codes<2>(tree, masks, leaves, margins);
      case 3:
        return add_codes<3>(tree, masks, leaves, margins);
      case 4:
        return add_codes<4>(tree, masks, leaves, margins);
      case 5:
        return add_codes<5>(tree, masks, leaves, margins);
      case 6:
        return add_codes<6>(tree, masks, leaves, margins);
      case 7:
        return add_codes<7>(tree, masks, leaves, margins);
      case 8:
        return add_codes<8>(tree, masks, leaves, margins);
      default:
        return add_wide_codes(tree, masks, leaves, margins);
    }
  }
};

}  // namespace

void score_block_avx512(const ForestPlan& plan, const ForestView& forest, const BlockRowsIn& in,
                        const BlockMemory& memory, float* out) {
  BlockScorer<Avx512>(plan, forest, in, memory).run(out);
}

}  // namespace warpscore
