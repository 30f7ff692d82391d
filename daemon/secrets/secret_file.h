#pragma once

#include <mutex>
#include <string>

#include <tl/expected.hpp>

#include "reconciler/ports/secret.h"

namespace sessync::secrets {

/// A credential in a file that may be replaced at any time (a Kubernetes secret's links included).
/// Safe to use from many threads.
class SecretFile {
 public:
  explicit SecretFile(std::string path);

  /// Reads the file: the credential in its text, or why it cannot be used. A file that fails later
  /// keeps its last good value.
  tl::expected<ports::Secret, std::string> refresh();

  /// The last good value; the file is read again when it is another one than before.
  ports::Secret current();

 private:
  struct Stamp {
    long long device = 0;
    long long inode = 0;
    long long size = 0;
    long long modified_ns = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  [[nodiscard]] Stamp stamp() const;
  bool is_spent();

  std::string path_;
  std::mutex mutex_;
  Stamp seen_;
  ports::Secret value_;
  bool spent_ = false;  ///< it was a pipe, and what it held was read
};

}  // namespace sessync::secrets
