#pragma once

#include <optional>
#include <string>

#include "daemon/os/beneath.h"

namespace sessync::workspace {

/// Two names that look alike and are not the same, spelled out: macOS writes é as two characters,
/// most others as one.
struct TwinNames {
  std::string wanted;
  std::string found;
};

/// For a path below `root` that does not exist: the first part of it that is missing, if something
/// beside it looks the same.
std::optional<TwinNames> find_twin(const os::Beneath& root, const std::string& path);

}  // namespace sessync::workspace
