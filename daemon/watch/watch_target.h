#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace sessync::watch {

/// Something whose changes somebody wants to know of.
///
/// `path` is absolute and need not exist; symlinks on the way to it are followed, and a swap of any
/// of them is a change. If it is a file, changes of it are reported. If it is a directory and
/// `enters` is set, changes of what is below it are, as far as the predicates let them through;
/// their paths are relative to the target and asked top-down. A directory without `enters` is
/// reported when it is replaced only.
struct WatchTarget {
  std::string name;  ///< reported; many targets may share one
  std::string path;
  std::function<bool(std::string_view directory)> enters;  ///< something below it may matter
  std::function<bool(std::string_view file)> matters;      ///< empty: every file does
};

}  // namespace sessync::watch
