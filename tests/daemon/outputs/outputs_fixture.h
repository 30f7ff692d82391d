#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "daemon/outputs/disk_output_directory.h"
#include "tests/daemon/os/temp_tree.h"

namespace sessync::test {

inline std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Everything below `directory`: relative path -> what it is and holds.
inline std::map<std::string, std::string> everything_below(const std::string& directory) {
  namespace fs = std::filesystem;
  std::map<std::string, std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    const auto name = fs::relative(entry.path(), directory).string();
    found[name] = entry.is_symlink()     ? "-> " + fs::read_symlink(entry.path()).string()
                  : entry.is_directory() ? "directory"
                                         : "file " + bytes_of(entry.path());
  }
  return found;
}

/// Creates, writes and finishes one output; the error, or "".
inline std::string put(ports::OutputDirectory& directory, const std::string& name,
                       const std::string& bytes) {
  auto file = directory.create(name, bytes.size());
  if (!file) {
    return file.error();
  }
  if (auto written = (*file)->write(bytes); !written) {
    return written.error();
  }
  auto finished = (*file)->finish(bytes.size());
  return finished ? "" : finished.error();
}

}  // namespace sessync::test
