#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "reconciler/ports/suspected_secret.h"

namespace sessync::workspace {

/// Looks for the first secret in one content, whose bytes come in pieces of any size, while they
/// are read for something else. Keeps next to nothing of them.
class SecretScan {
 public:
  /// Larger contents hold none, as far as this is asked.
  static constexpr std::uint64_t kLargest = std::uint64_t{1} << 20U;

  void restart();
  void update(std::span<const char> bytes);
  /// Of all bytes since the last restart; restart before the next update.
  [[nodiscard]] std::optional<ports::SuspectedSecret> finish();

 private:
  void look(std::span<const char> text, bool whole);
  void keep(std::span<const char> text, std::size_t anchor);

  std::uint64_t size_ = 0;
  std::uint64_t lines_ = 0;  ///< before what is kept
  std::string kept_;         ///< the end of what came, as far as it is not decided
  std::size_t next_ = 0;     ///< where in it the next anchor may be
  std::optional<ports::SuspectedSecret> found_;
};

}  // namespace sessync::workspace
