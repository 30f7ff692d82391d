#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "reconciler/ports/secret.h"

namespace sessync::secrets {

/// Keyed digests by which tokens and their sources are recognised again, and which tell nothing
/// to whoever lacks the key. Safe to use from many threads.
class Fingerprints {
 public:
  enum class Access { kWrite, kReadOnly };
  using Warn = std::function<void(const std::string&)>;

  /// A key of this process alone: fingerprints of other processes are unknown to it.
  static Fingerprints in_memory();

  /// The key is the file `fingerprint.key` of the state directory. With kWrite it is made if it is
  /// not there, or damaged; hold the directory's lock meanwhile. Whatever goes wrong is a warning,
  /// and then the key is one in memory: each token is sent once more than necessary.
  static Fingerprints open(const std::string& state_dir, Access access, const Warn& warn);

  /// 64 hex digits. A token and a source never have the same.
  [[nodiscard]] std::string of_token(const ports::Secret& token) const;
  [[nodiscard]] std::string of_source(const std::vector<std::string>& configuration) const;

 private:
  static constexpr std::size_t kKeyBytes = 32;
  using Key = std::array<unsigned char, kKeyBytes>;
  class KeyFile;

  explicit Fingerprints(const Key& key) : key_(key) {}
  static Key random_key();
  [[nodiscard]] std::string digest(std::string message) const;

  Key key_;
};

}  // namespace sessync::secrets
