#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <dirent.h>

namespace sessync::os {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

/// Owns a directory that is being read.
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

/// What is in a directory, without "." and "..", in no order and no more than `most` of it; of one
/// that cannot be read nothing. Throws where there is no memory, for lack of which the standard
/// library's iterators end the process.
std::vector<std::string> names_in(const std::string& directory, std::size_t most = SIZE_MAX);

}  // namespace sessync::os
