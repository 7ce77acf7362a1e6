#include "scoring/sha256.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace warpscore {
namespace {

constexpr std::size_t kBlockBytes = 64;

using State = std::array<std::uint32_t, 8>;

// The standard's constants: fractions of the cube and square roots of the first primes, as 32-bit
// integers. Found by integer search, so that no table has to be trusted.
constexpr std::uint32_t root_fraction(std::uint64_t prime, int power) {
  std::uint64_t root = 0;  // floor(prime^(1/power) * 2^32)
  for (std::uint64_t bit = std::uint64_t{1} << 36; bit != 0; bit >>= 1) {
    const unsigned __int128 guess = root | bit;
    // Compare guess^power with prime * 2^(32 * power); for cubes shifted right to fit 128 bits.
    bool fits = false;
    if (power == 2) {
      fits = guess * guess <= (static_cast<unsigned __int128>(prime) << 64);
    } else {
      const unsigned __int128 square = guess * guess;  // below 2^74
      const unsigned __int128 low = (square & 0xFFFFFFFFU) * guess;
      const unsigned __int128 high = (square >> 32) * guess + (low >> 32);
      fits = high < (static_cast<unsigned __int128>(prime) << 64);
    }
    if (fits) root |= bit;
  }
  return static_cast<std::uint32_t>(root);
}

struct Constants {
  std::array<std::uint32_t, 64> round{};
  State initial{};
};

constexpr Constants make_constants() {
  Constants constants;
  std::size_t found = 0;
  for (std::uint64_t number = 2; found < constants.round.size(); ++number) {
    bool prime = true;
    for (std::uint64_t divisor = 2; divisor * divisor <= number; ++divisor) {
      prime = prime && number % divisor != 0;
    }
    if (!prime) continue;
    if (found < constants.initial.size()) constants.initial[found] = root_fraction(number, 2);
    constants.round[found++] = root_fraction(number, 3);
  }
  return constants;
}

constexpr Constants kConstants = make_constants();

void add_block(State& state, const std::byte* block) {
  std::array<std::uint32_t, 64> words;
  for (std::size_t i = 0; i < 16; ++i) {
    std::uint32_t word = 0;
    for (std::size_t b = 0; b < 4; ++b) {
      word = word << 8 | std::to_integer<std::uint32_t>(block[4 * i + b]);
    }
    words[i] = word;
  }
  for (std::size_t i = 16; i < words.size(); ++i) {
    const std::uint32_t a = words[i - 15];
    const std::uint32_t b = words[i - 2];
    const std::uint32_t s0 = std::rotr(a, 7) ^ std::rotr(a, 18) ^ (a >> 3);
    const std::uint32_t s1 = std::rotr(b, 17) ^ std::rotr(b, 19) ^ (b >> 10);
    words[i] = words[i - 16] + s0 + words[i - 7] + s1;
  }
  State s = state;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::uint32_t sum1 = std::rotr(s[4], 6) ^ std::rotr(s[4], 11) ^ std::rotr(s[4], 25);
    const std::uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
    const std::uint32_t first = s[7] + sum1 + choice + kConstants.round[i] + words[i];
    const std::uint32_t sum0 = std::rotr(s[0], 2) ^ std::rotr(s[0], 13) ^ std::rotr(s[0], 22);
    const std::uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
    s = {first + sum0 + majority, s[0], s[1], s[2], s[3] + first, s[4], s[5], s[6]};
  }
  for (std::size_t i = 0; i < state.size(); ++i) state[i] += s[i];
}

}  // namespace

std::string sha256_hex(std::span<const std::byte> bytes) {
  State state = kConstants.initial;
  std::size_t at = 0;
  for (; bytes.size() - at >= kBlockBytes; at += kBlockBytes) add_block(state, bytes.data() + at);

  std::array<std::byte, 2 * kBlockBytes> last{};  // the rest, a 1 bit, zeros, the length in bits
  const std::size_t rest = bytes.size() - at;
  if (rest != 0) std::memcpy(last.data(), bytes.data() + at, rest);
  last[rest] = std::byte{0x80};
  const std::size_t last_bytes = rest < kBlockBytes - 8 ? kBlockBytes : 2 * kBlockBytes;
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (std::size_t i = 0; i < 8; ++i) {
    last[last_bytes - 1 - i] = static_cast<std::byte>(bits >> (8 * i));
  }
  for (std::size_t b = 0; b < last_bytes; b += kBlockBytes) add_block(state, last.data() + b);

  std::string hex;
  for (const std::uint32_t word : state) {
    for (int shift = 28; shift >= 0; shift -= 4) hex += "0123456789abcdef"[(word >> shift) & 15U];
  }
  return hex;
}

}  // namespace warpscore
