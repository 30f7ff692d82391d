#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sessync::simulation {

/// splitmix64: the same numbers on every machine for the same seed.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    auto mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31U);
  }
  /// In [0, limit); limit > 0.
  std::size_t below(std::size_t limit) { return next() % limit; }
  bool one_in(std::size_t times) { return below(times) == 0; }
  /// In [0, 1).
  double fraction() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

 private:
  std::uint64_t state_;
};

/// One of `all` (not empty), chosen by a number that was drawn earlier.
template <class T>
const T& pick(const std::vector<T>& all, std::uint64_t number) {
  return all[number % all.size()];
}

}  // namespace sessync::simulation
