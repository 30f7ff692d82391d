#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>

namespace sessync::os {

using Sha256 = std::array<unsigned char, 32>;

/// 64 lower-case hex digits.
std::string to_hex(const Sha256& digest);

/// A running SHA-256.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;

  void restart();
  void update(std::span<const char> bytes);
  /// The digest of all bytes since the last restart; restart before the next update.
  [[nodiscard]] Sha256 finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace sessync::os
