#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace sessync::os {

/// "Permission denied" and the like.
inline std::string error_text(int error) { return std::generic_category().message(error); }

/// The process, or the machine, has run out of something: it says nothing about the file.
inline bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN;
}

/// What is not there any more is as if it had never been.
inline bool is_absence(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

/// The disk is full, or this user's share of it is.
inline bool is_no_room(int error) { return error == ENOSPC || error == EDQUOT; }

}  // namespace sessync::os
