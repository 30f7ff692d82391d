#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace sessync::manifest {

/// A path below some root, lexically cleaned: no "." or "..", no doubled slash.
struct RelativePath {
  std::string text;           ///< "" is the root itself
  bool is_directory = false;  ///< was written with a slash at the end
};

struct PathFault {
  bool outside = false;  ///< leads out of the root
  std::string why;       ///< to be read after the path: "is absolute: ..."
};

tl::expected<RelativePath, PathFault> clean_relative_path(std::string_view raw);

}  // namespace sessync::manifest
