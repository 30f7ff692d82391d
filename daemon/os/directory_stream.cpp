#include "daemon/os/directory_stream.h"

#include <string_view>

namespace sessync::os {

std::vector<std::string> names_in(const std::string& directory, std::size_t most) {
  std::vector<std::string> names;
  const DirectoryStream stream(::opendir(directory.c_str()));
  while (const dirent* entry = stream && names.size() < most ? ::readdir(stream.get()) : nullptr) {
    const std::string_view name = static_cast<const char*>(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

}  // namespace sessync::os
