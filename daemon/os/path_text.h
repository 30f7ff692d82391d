#pragma once

#include <string>
#include <string_view>

#include "daemon/os/os_error.h"  // IWYU pragma: export

namespace sessync::os {

/// UTF-8 without control characters: what a mount path can carry.
bool is_mountable_name(std::string_view name);

/// `directory` + "/" + `name`; one of them alone if the other is empty.
std::string join_path(std::string_view directory, std::string_view name);

/// `path` is `directory` or below it, by their texts; "" holds every path.
bool lies_in(std::string_view path, std::string_view directory);

/// The same of what is in a volume, without symlinks: what Kubernetes puts below `..TIME`, and
/// links to, counts as if it lay beside that.
bool lies_in_volume(std::string_view path, std::string_view directory);

/// What follows the last "/".
std::string_view base_name(std::string_view path);

}  // namespace sessync::os
