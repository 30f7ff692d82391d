#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace sessync::watch {

/// How far the events of a filesystem can be trusted.
enum class EventTrust {
  kAll,   ///< every change through a name in it is an event
  kSome,  ///< layers below it can change without one (overlay)
  kNone,  ///< other machines, or a program, can change it without one (NFS, SMB, FUSE, 9p, ...)
};

/// The trust in a filesystem by the type that statfs(2) gives.
EventTrust trust_in_type(std::uint64_t type);

/// Asks each filesystem once.
class Filesystems {
 public:
  EventTrust trust_in(int directory);

 private:
  std::map<dev_t, EventTrust> known_;
};

/// Whether an entry of a directory matters.
using TakesEntry = std::function<bool(std::string_view name, bool is_directory)>;

/// A number that changes when the entries of a directory do, or (symlinks followed) what they are.
std::uint64_t look_of_directory(const std::string& path, const TakesEntry& takes);

/// A number that changes when the file does, or comes, or goes.
std::uint64_t look_of_file(const std::string& path);

}  // namespace sessync::watch
