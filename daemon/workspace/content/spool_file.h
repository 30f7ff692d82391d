#pragma once

#include <string>

#include <tl/expected.hpp>

#include "daemon/os/unique_fd.h"

namespace sessync::workspace {

/// A new empty file in `directory` that has no name: nobody else finds it, and it is gone once its
/// descriptor is closed, however the process ends. The error is an errno.
tl::expected<os::UniqueFd, int> open_spool(const std::string& directory);

/// The two ways to get one: the file system makes it so (not all can), or its name is removed at
/// once.
tl::expected<os::UniqueFd, int> open_unnamed(const std::string& directory);
tl::expected<os::UniqueFd, int> open_and_unlink(const std::string& directory);

}  // namespace sessync::workspace
