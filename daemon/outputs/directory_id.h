#pragma once

#include <string>

#include <tl/expected.hpp>

namespace sessync::disk_outputs {

/// A directory of outputs is known by the file .sessync-id in it, which moves with it.
inline constexpr const char* kDirectoryIdName = ".sessync-id";

/// The id that `directory` has, "" if it has none. The error names `path`, where it is.
tl::expected<std::string, std::string> read_directory_id(int directory, const std::string& path);

/// The same; one that has none gets one. Of several that make one at once all get the same.
tl::expected<std::string, std::string> make_directory_id(int directory, const std::string& path);

}  // namespace sessync::disk_outputs
