#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// The port to the keys of markers. The API knows no owner, and whoever has a key of its workspace
/// can give a file any name: a name that only we could have written says more.
namespace sessync::ports {

/// A key, as the function that it makes. Pure, any thread.
class MarkerKey {
 public:
  MarkerKey() = default;
  MarkerKey(const MarkerKey&) = delete;
  MarkerKey& operator=(const MarkerKey&) = delete;
  virtual ~MarkerKey() = default;
  /// The HMAC-SHA-256 of `message` under it, 64 lower-case hex digits.
  [[nodiscard]] virtual std::string mac(std::string_view message) const = 0;
};

/// The newest first: that one is written with, and read with all of them.
using MarkerKeys = std::vector<std::shared_ptr<const MarkerKey>>;

/// Which markers prove something.
struct MarkerRules {
  MarkerKeys keys;  ///< none: markers are written without one
  /// Where there are keys: a marker without one proves something, too, for once.
  bool adopt_unkeyed = false;
};

}  // namespace sessync::ports
