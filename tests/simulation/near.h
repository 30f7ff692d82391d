#pragma once

#include "manifest/mount_path.h"

namespace sessync::simulation {

/// They are one path, or one lies below the other.
inline bool is_near(const manifest::MountPath& one, const manifest::MountPath& other) {
  return one == other || one.is_above(other) || other.is_above(one);
}

}  // namespace sessync::simulation
