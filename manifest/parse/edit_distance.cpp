#include "manifest/parse/edit_distance.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace sessync::manifest {
namespace {

constexpr std::size_t kLongestWord = 40;

/// Longer words may be further off and are still recognised.
std::size_t tolerance(std::string_view word) { return std::max<std::size_t>(1, word.size() / 3); }

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
  using Row = std::vector<std::size_t>;
  Row before_previous(right.size() + 1);
  Row previous(right.size() + 1);
  std::iota(previous.begin(), previous.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    Row row(right.size() + 1, i);
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const bool same = left[i - 1] == right[j - 1];
      row[j] = std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (same ? 0U : 1U)});
      const bool swapped =
          i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) row[j] = std::min(row[j], before_previous[j - 2] + 1);
    }
    before_previous = std::move(previous);
    previous = std::move(row);
  }
  return previous[right.size()];
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  if (word.empty() || word.size() > kLongestWord) return "";
  std::string_view nearest;
  std::size_t nearest_distance = tolerance(word) + 1;
  for (const auto candidate : known) {
    const auto distance = edit_distance(word, candidate);
    if (distance >= nearest_distance) continue;
    nearest = candidate;
    nearest_distance = distance;
  }
  if (nearest.empty()) return "";
  return "; did you mean \"" + std::string(nearest) + "\"?";
}

}  // namespace sessync::manifest
