#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace sessync::fuzz {

/// A property: where it does not hold the fuzzer has found something.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", property);
  std::abort();
}

/// What libFuzzer hands over, taken apart from its front.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes are characters
      : rest_(reinterpret_cast<const char*>(data), size) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

  /// 0 once nothing is left.
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto first = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return first;
  }

  /// One of `count` ways, chosen by a printable byte so that seeds can be written by hand.
  unsigned choice(unsigned count) {
    const unsigned char first = byte();
    return (first >= 'a' ? static_cast<unsigned>(first - 'a') : first) % count;
  }

  /// Up to the next newline, which is left out.
  std::string_view line() {
    const auto end = std::min(rest_.find('\n'), rest_.size());
    const auto text = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return text;
  }

  /// Lines up to an empty one, or the end.
  std::vector<std::string> paragraph() {
    std::vector<std::string> lines;
    while (!rest_.empty()) {
      const auto next = line();
      if (next.empty()) break;
      lines.emplace_back(next);
    }
    return lines;
  }

 private:
  std::string_view rest_;
};

}  // namespace sessync::fuzz
