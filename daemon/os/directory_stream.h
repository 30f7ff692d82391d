#pragma once

#include <memory>

#include <dirent.h>

namespace sessync::os {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

/// Owns a directory that is being read.
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

}  // namespace sessync::os
