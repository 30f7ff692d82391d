#pragma once

#include <utility>
#include <vector>

#include "manifest/mount_path.h"

namespace sessync::desired {

/// What stays in a session of which something is denied. What a denied entry has mounted, now or
/// under another path before it was edited, cannot be told from what is no longer declared. So
/// everything stays, but for what lies below a directory that is allowed, and read: that says what
/// is gone.
class DeniedMounts {
 public:
  /// Everything below `mount` stays, whatever else declares it.
  void deny(manifest::MountPath mount) { denied_.push_back(std::move(mount)); }
  /// An entry that says what belongs below `mount`.
  void allow(manifest::MountPath mount) { allowed_.push_back(std::move(mount)); }
  /// Everything stays.
  void deny_all() { all_ = true; }

  [[nodiscard]] bool keeps(const manifest::MountPath& path) const;
  /// A denied entry may declare the path.
  [[nodiscard]] bool may_declare(const manifest::MountPath& path) const;

 private:
  bool all_ = false;
  std::vector<manifest::MountPath> denied_;
  std::vector<manifest::MountPath> allowed_;
};

}  // namespace sessync::desired
