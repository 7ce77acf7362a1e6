// The bit-sliced forest with AVX2. Compiled for it; called only where it is.
#include <immintrin.h>

#include "scoring/forest_block_impl.h"

namespace warpscore {
namespace {

constexpr std::size_t kLanes = 8;

struct Avx2 {
  struct Mask {
    __m256i low, high;
  };

  static Mask load(const std::uint64_t* from) {
    return {_mm256_load_si256(reinterpret_cast<const __m256i*>(from)),
            _mm256_load_si256(reinterpret_cast<const __m256i*>(from + 4))};
  }
  static void store(std::uint64_t* to, const Mask& mask) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(to), mask.low);
    _mm256_store_si256(reinterpret_cast<__m256i*>(to + 4), mask.high);
  }
  static Mask either(const Mask& a, const Mask& b) {
    return {_mm256_or_si256(a.low, b.low), _mm256_or_si256(a.high, b.high)};
  }
  static Mask both(const Mask& a, const Mask& b) {
    return {_mm256_and_si256(a.low, b.low), _mm256_and_si256(a.high, b.high)};
  }
  static Mask mux(const Mask& select, const Mask& right, const Mask& left) {
    return {mux(select.low, right.low, left.low), mux(select.high, right.high, left.high)};
  }
  static __m256i mux(__m256i select, __m256i right, __m256i left) {
    return _mm256_xor_si256(left, _mm256_and_si256(select, _mm256_xor_si256(left, right)));
  }
  static Mask threshold(const Mask& above, const Mask& high, const Mask& low) {
    return either(above, both(high, low));
  }

  // Eight rows a step: levels of up to 8 thresholds are permuted, the others gathered.
  static void search(const float* column, const float* next_column, const float* table,
                     std::uint32_t rank_bits, std::uint64_t* rank, std::uint64_t* present) {
    auto* out = reinterpret_cast<std::uint8_t*>(rank);
    auto* out_present = reinterpret_cast<std::uint8_t*>(present);
    for (std::size_t v = 0; v < kBlockRows / kLanes; ++v) {
      _mm_prefetch(reinterpret_cast<const char*>(next_column + kLanes * v), _MM_HINT_T0);
      const __m256 values = _mm256_loadu_ps(column + kLanes * v);
      __m256i path = _mm256_setzero_si256();
      __m256i answer = _mm256_set1_epi32(1);
      for (std::uint32_t level = 0; level < rank_bits; ++level) {
        const float* thresholds = table + search_level_offset(level);
        const __m256 limits = level <= 3
                                  ? _mm256_permutevar8x32_ps(_mm256_loadu_ps(thresholds), path)
                                  : _mm256_i32gather_ps(thresholds, path, 4);
        // "Not less, or unordered": a missing value answers yes throughout.
        const __m256 right = _mm256_cmp_ps(values, limits, _CMP_NLT_UQ);
        out[level * kMaskBytes + v] = static_cast<std::uint8_t>(_mm256_movemask_ps(right));
        path = _mm256_or_si256(path, _mm256_and_si256(_mm256_castps_si256(right), answer));
        answer = _mm256_add_epi32(answer, answer);
      }
      const __m256 here = _mm256_cmp_ps(values, values, _CMP_ORD_Q);
      out_present[v] = static_cast<std::uint8_t>(_mm256_movemask_ps(here));
    }
  }

  // As with AVX-512: row 32 g + 4 lane + q lies at 32 g + 8 q + lane.
  static std::size_t slot_of(std::size_t row) {
    return (row & ~std::size_t{31}) | (row & 3) << 3 | (row >> 2 & 7);
  }

  // 32 bits to 32 bytes, all ones where the bit is set.
  static __m256i bytes_of(std::uint32_t bits) {
    const __m256i spread =
        _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,  // per 128-bit half
                         2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i bit = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201U));
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(bits)), spread);
    return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
  }

  // 32 codes as bytes: their bits from `first` to `end`.
  static __m256i codes_of(const std::uint64_t* const* planes, std::size_t g, std::uint32_t first,
                          std::uint32_t end) {
    __m256i codes = _mm256_setzero_si256();
    for (std::uint32_t b = first; b < end; ++b) {
      const std::uint64_t word = planes[b][g / 2];
      const __m256i plane = bytes_of(static_cast<std::uint32_t>(word >> (32 * (g % 2))));
      const __m256i bit = _mm256_set1_epi8(static_cast<char>(1U << (b - first)));
      codes = _mm256_or_si256(codes, _mm256_and_si256(plane, bit));
    }
    return codes;
  }

  template <bool wide>  // codes of more than eight bits
  static void add_codes(const TreePlan& tree, const std::uint64_t* masks, const float* leaves,
                        float* margins) {
    const __m256i byte = _mm256_set1_epi32(0xFF);
    const std::uint32_t code_bits = tree.code_bits;
    const std::uint64_t* planes[kCodeBitsMax];
    for (std::uint32_t b = 0; b < code_bits; ++b) planes[b] = masks + tree.planes[b];
    for (std::size_t g = 0; g < kBlockRows / 32; ++g) {
      __m256i low = codes_of(planes, g, 0, wide ? 8 : code_bits);
      __m256i high = wide ? codes_of(planes, g, 8, code_bits) : _mm256_setzero_si256();
      for (std::size_t q = 0; q < 4; ++q) {
        float* at = margins + 32 * g + kLanes * q;
        __m256i codes = _mm256_and_si256(low, byte);
        low = _mm256_srli_epi32(low, 8);
        if constexpr (wide) {
          codes = _mm256_or_si256(codes, _mm256_slli_epi32(_mm256_and_si256(high, byte), 8));
          high = _mm256_srli_epi32(high, 8);
        }
        const __m256 leaf = _mm256_i32gather_ps(leaves, codes, 4);
        _mm256_store_ps(at, _mm256_add_ps(_mm256_load_ps(at), leaf));
      }
    }
  }

  static void add_leaves(const TreePlan& tree, const std::uint64_t* masks, const float* leaves,
                         float* margins) {
    if (tree.code_bits > 8) return add_codes<true>(tree, masks, leaves, margins);
    add_codes<false>(tree, masks, leaves, margins);
  }
};

}  // namespace

void score_block_avx2(const ForestPlan& plan, const ForestView& forest, const BlockRowsIn& in,
                      const BlockMemory& memory, float* out) {
  BlockScorer<Avx2>(plan, forest, in, memory).run(out);
}

}  // namespace warpscore
