#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace sessync::state {

/// Room that a file beside the state takes, so that the state can be written for a while when
/// others have filled the disk. Where the file system cannot set room aside there is none. One
/// thread at a time.
class StateReserve {
 public:
  static constexpr std::uint64_t kBytes = std::uint64_t{1} << 20U;

  explicit StateReserve(std::string path) : path_(std::move(path)) {}

  /// Takes it, unless it is held or there is little left for others; whether it is held then. Costs
  /// little.
  bool keep();
  /// Gives it back; false: there was none.
  bool release();

 private:
  [[nodiscard]] bool is_held() const;

  std::string path_;
  bool held_ = false;
};

}  // namespace sessync::state
