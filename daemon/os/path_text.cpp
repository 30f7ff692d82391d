#include "daemon/os/path_text.h"

#include "manifest/text/utf8.h"

namespace sessync::os {
namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

}  // namespace

bool is_mountable_name(std::string_view name) {
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t length = manifest::utf8_length(name, at);
    if (length == 0 || is_control(name[at])) return false;
    at += length;
  }
  return true;
}

std::string join_path(std::string_view directory, std::string_view name) {
  std::string path;
  path.reserve(directory.size() + name.size() + 1);
  path += directory;
  if (!directory.empty() && !name.empty()) path += '/';
  return path += name;
}

bool lies_in(std::string_view path, std::string_view directory) {
  if (!path.starts_with(directory)) return false;
  return directory.empty() || path.size() == directory.size() || path[directory.size()] == '/';
}

bool lies_in_volume(std::string_view path, std::string_view directory) {
  const auto slash = path.find('/');
  if (path.starts_with("..") && slash != path.npos && slash > 2) path.remove_prefix(slash + 1);
  return lies_in(path, directory);
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace sessync::os
