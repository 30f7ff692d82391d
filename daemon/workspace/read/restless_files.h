#pragma once

#include <mutex>
#include <set>
#include <string>

namespace sessync::workspace {

/// Files that the last scan waited for in vain. They are looked at, but not waited for again: a log
/// that never rests must not make every pass over its neighbours two seconds longer. Safe to use
/// from many threads.
class RestlessFiles {
 public:
  [[nodiscard]] bool contains(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    return paths_.contains(path);
  }

  void note(const std::string& path, bool restless) {
    const std::lock_guard lock(mutex_);
    if (!restless) {
      paths_.erase(path);
      return;
    }
    // Only a bound: what is forgotten is waited for once more.
    if (paths_.size() >= kMost) paths_.clear();
    paths_.insert(path);
  }

 private:
  static constexpr std::size_t kMost = 4096;
  mutable std::mutex mutex_;
  std::set<std::string> paths_;
};

}  // namespace sessync::workspace
