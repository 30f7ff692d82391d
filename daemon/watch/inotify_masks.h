#pragma once

#include <cstdint>

#include <sys/inotify.h>

namespace sessync::watch {

inline constexpr std::uint32_t kNameCame = IN_CREATE | IN_MOVED_TO;
inline constexpr std::uint32_t kNameWent = IN_DELETE | IN_MOVED_FROM;
inline constexpr std::uint32_t kSelfWent = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT;

/// IN_MASK_ADD, because one directory can be watched for two purposes.
inline constexpr std::uint32_t kWatchFlags =
    IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK | IN_MASK_ADD;

/// On the way to a target only names matter, not what is written under them.
inline constexpr std::uint32_t kWatchNames =
    kNameCame | kNameWent | IN_DELETE_SELF | IN_MOVE_SELF | kWatchFlags;

/// No IN_MODIFY: it triples the queue's use and says nothing that IN_CLOSE_WRITE does not.
inline constexpr std::uint32_t kWatchAll = kWatchNames | IN_CLOSE_WRITE | IN_ATTRIB;

}  // namespace sessync::watch
