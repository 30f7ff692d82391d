#include "daemon/os/loose_mode.h"

#include <unistd.h>

#include "daemon/os/log.h"

namespace sessync::os {
namespace {

/// The four digits of chmod.
std::string octal(mode_t mode) {
  std::string text;
  for (const unsigned shift : {9U, 6U, 3U, 0U})
    text += static_cast<char>('0' + (mode >> shift & 7U));
  return text;
}

/// The bits that let somebody in who has no business there.
mode_t too_open(const struct stat& info) {
  const mode_t group = info.st_uid == ::geteuid() ? S_IRGRP | S_IWGRP : 0;
  return info.st_mode & (group | S_IROTH | S_IWOTH);
}

std::string_view who_may(mode_t open) {
  const bool everybody = (open & (S_IROTH | S_IWOTH)) != 0;
  const bool write = (open & (S_IWGRP | S_IWOTH)) != 0;
  if (everybody)
    return write ? "every user of this machine may change" : "every user of this machine may read";
  return write ? "its group may change" : "its group may read";
}

}  // namespace

std::string loose_mode(const struct stat& info, std::string_view path, std::string_view what) {
  const auto open = too_open(info);
  if (open == 0) return "";
  std::string text = "permissions " + octal(info.st_mode) + " are too open for the ";
  text.append(what).append(" ").append(path).append(", which ").append(who_may(open));
  text.append(S_ISDIR(info.st_mode) ? ": chmod 700 it" : ": chmod 600 it");
  return text;
}

void warn_of_loose_mode(const std::string& path, std::string_view what) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0 || S_ISFIFO(info.st_mode)) return;
  if (const auto text = loose_mode(info, path, what); !text.empty()) {
    log(LogLevel::kWarning, text);
  }
}

}  // namespace sessync::os
