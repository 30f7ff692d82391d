#include "reconciler/desired/denied_mounts.h"

#include <algorithm>

namespace sessync::desired {
namespace {

bool one_holds(const std::vector<manifest::MountPath>& mounts, const manifest::MountPath& path) {
  return std::ranges::any_of(mounts, [&](const manifest::MountPath& mount) {
    return mount == path || mount.is_above(path);
  });
}

}  // namespace

bool DeniedMounts::keeps(const manifest::MountPath& path) const {
  return all_ || may_declare(path) || (!denied_.empty() && !one_holds(allowed_, path));
}

bool DeniedMounts::may_declare(const manifest::MountPath& path) const {
  return one_holds(denied_, path);
}

}  // namespace sessync::desired
