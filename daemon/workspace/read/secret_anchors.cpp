#include "daemon/workspace/read/secret_anchors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace sessync::workspace {
namespace {

/// Two bytes of a text, one behind another one, that seldom stand so elsewhere:
///
///     sk-a[n.-]  glp[a.-]  xo[x.-]  g[h._]  githu[b.p]at_  A[K.A]  [e.J]  PRI[V.T]E KEY
///     _auth[T.k]en
struct AnchorBytes {
  std::string_view first;  ///< any of them
  char second;
};
constexpr std::array<AnchorBytes, 7> kAnchors = {
    {{"anx", '-'}, {"h", '_'}, {"b", 'p'}, {"K", 'A'}, {"e", 'J'}, {"V", 'T'}, {"T", 'k'}}};

/// For each byte, which of kAnchors (a bit each) it may be a part of; and the same by its lower and
/// by its upper half, of which a processor looks up many at once: what fits in both halves may be
/// one.
struct AnchorTable {
  std::array<std::uint8_t, 256> all{};
  std::array<std::uint8_t, 16> lower{};
  std::array<std::uint8_t, 16> upper{};

  constexpr void add(char c, std::uint8_t bit) {
    const auto byte = static_cast<unsigned char>(c);
    all.at(byte) |= bit;
    lower.at(byte & 0x0FU) |= bit;
    upper.at(byte >> 4U) |= bit;
  }
};

constexpr AnchorTable anchor_table(bool first) {
  AnchorTable table;
  std::uint8_t bit = 1;
  for (const AnchorBytes& anchor : kAnchors) {
    if (!first) table.add(anchor.second, bit);
    for (const char c : first ? anchor.first : std::string_view()) table.add(c, bit);
    bit = static_cast<std::uint8_t>(bit << 1U);
  }
  return table;
}
constexpr AnchorTable kFirstBytes = anchor_table(true);
constexpr AnchorTable kSecondBytes = anchor_table(false);

bool is_anchor(const char* at) {
  return (kFirstBytes.all[static_cast<unsigned char>(at[0])] &
          kSecondBytes.all[static_cast<unsigned char>(at[2])]) != 0;
}

/// The first anchor in [at, end), else `end`.
std::size_t find_anchor(const char* text, std::size_t at, std::size_t end) {
  while (at < end && !is_anchor(text + at)) ++at;
  return at;
}

#ifdef __x86_64__
constexpr std::size_t kLanes = 32;

[[gnu::target("avx2"), gnu::always_inline]] inline __m256i both_lanes(
    const std::array<std::uint8_t, 16>& table) {
  __m128i lane;
  std::memcpy(&lane, table.data(), sizeof lane);
  return _mm256_broadcastsi128_si256(lane);
}

/// For 32 bytes at once, which anchors each may be a part of.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i look_up(const char* at, __m256i lower,
                                                                   __m256i upper) {
  __m256i bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  const __m256i halves = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0F));
  return _mm256_and_si256(_mm256_shuffle_epi8(lower, bytes), _mm256_shuffle_epi8(upper, halves));
}

[[gnu::target("avx2")]] std::size_t find_anchor_avx2(const char* text, std::size_t at,
                                                     std::size_t end) {
  const __m256i first_lower = both_lanes(kFirstBytes.lower);
  const __m256i first_upper = both_lanes(kFirstBytes.upper);
  const __m256i second_lower = both_lanes(kSecondBytes.lower);
  const __m256i second_upper = both_lanes(kSecondBytes.upper);
  const std::size_t begin = at;
  while (end - begin >= kLanes && at < end) {
    // The last block reaches back over what was looked at already.
    const char* const block = text + std::min(at, end - kLanes);
    const __m256i marks = _mm256_and_si256(look_up(block, first_lower, first_upper),
                                           look_up(block + 2, second_lower, second_upper));
    at = static_cast<std::size_t>(block - text) + kLanes;
    if (_mm256_testz_si256(marks, marks) != 0) continue;
    const __m256i none = _mm256_cmpeq_epi8(marks, _mm256_setzero_si256());
    auto places = ~static_cast<std::uint32_t>(_mm256_movemask_epi8(none));
    for (; places != 0; places &= places - 1) {
      const char* const place = block + std::countr_zero(places);
      if (is_anchor(place)) return static_cast<std::size_t>(place - text);
    }
  }
  return find_anchor(text, at, end);
}

const auto kFindAnchor = __builtin_cpu_supports("avx2") != 0 ? find_anchor_avx2 : find_anchor;
#else
const auto kFindAnchor = find_anchor;
#endif

}  // namespace

std::size_t next_anchor(std::span<const char> text, std::size_t from) {
  constexpr std::size_t kBehind = 2;
  if (text.size() <= kBehind) return text.size();
  const std::size_t end = text.size() - kBehind;
  const std::size_t found = kFindAnchor(text.data(), std::min(from, end), end);
  return found < end ? found : text.size();
}

std::size_t count_line_ends(std::span<const char> text) {
  using Bytes __attribute__((vector_size(16))) = unsigned char;
  using Sums __attribute__((vector_size(16))) = signed char;
  constexpr std::size_t kMostInSum = 127;
  std::size_t count = 0;
  while (text.size() >= sizeof(Bytes)) {
    Sums sums{};
    const std::size_t turns = std::min(text.size() / sizeof(Bytes), kMostInSum);
    for (std::size_t turn = 0; turn < turns; ++turn) {
      Bytes bytes;
      std::memcpy(&bytes, text.data() + turn * sizeof bytes, sizeof bytes);
      sums += (bytes == '\n');  // -1 where it is one
    }
    std::array<signed char, sizeof(Sums)> each{};
    std::memcpy(each.data(), &sums, sizeof sums);
    for (const signed char sum : each) count += static_cast<std::size_t>(-sum);
    text = text.subspan(turns * sizeof(Bytes));
  }
  return count + static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

}  // namespace sessync::workspace
