#pragma once

#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "daemon/os/unique_fd.h"
#include "reconciler/ports/state_store.h"

namespace sessync::state {

/// The right to write into one state directory: one process at a time, for as long as this lives.
/// The kernel drops the lock with the process, however it ends, so a lock file that is left over
/// means nothing, and nobody has to remove it. Movable; moved from, it holds nothing.
class StateLock {
 public:
  /// Takes the lock of a directory that is there, or says at once that it is taken: the error names
  /// the process that holds it and what to do instead. A process can also keep itself out.
  static tl::expected<StateLock, ports::StoreError> acquire(const std::string& directory);

  /// The process that holds the lock of a directory, as it wrote itself down (0: it could not, for
  /// want of room); nothing: nobody does.
  /// The error is worded for the user.
  static tl::expected<std::optional<int>, std::string> holder(const std::string& directory);

  /// Writes down once more who holds it: there may have been no room for that. Failing is no error.
  void sign_again() const;

  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  StateLock(std::string directory, os::UniqueFd file)
      : directory_(std::move(directory)), file_(std::move(file)) {}

  std::string directory_;
  os::UniqueFd file_;
};

}  // namespace sessync::state
