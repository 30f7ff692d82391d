#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "daemon/watch/watcher.h"

namespace sessync::test {

/// Collects what a watcher reports.
class ChangeLog {
 public:
  watch::Watcher::OnChange callback() {
    return [this](const watch::WatchChange& change) { add(change); };
  }

  /// Waits until `name` is reported; false after a time in which it surely would have been. What
  /// was reported so far is forgotten.
  bool wait_for(const std::string& name) {
    std::unique_lock lock(mutex_);
    const bool seen = wait(lock, name);
    names_.clear();
    return seen;
  }

  /// Waits until `later` is reported; true if `name` was not until then.
  bool only(const std::string& later, const std::string& name) {
    std::unique_lock lock(mutex_);
    const bool silent = wait(lock, later) && !names_.contains(name);
    names_.clear();
    return silent;
  }

  bool has(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return names_.contains(name);
  }

  std::vector<watch::WatchChange> all() {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  bool wait(std::unique_lock<std::mutex>& lock, const std::string& name) {
    return added_.wait_for(lock, std::chrono::seconds(20), [&] { return names_.contains(name); });
  }

  void add(const watch::WatchChange& change) {
    const std::lock_guard lock(mutex_);
    names_.insert(change.names.begin(), change.names.end());
    all_.push_back(change);
    added_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable added_;
  std::set<std::string> names_;
  std::vector<watch::WatchChange> all_;
};

inline watch::WatchTarget file_target(std::string name, std::string path) {
  watch::WatchTarget target;
  target.name = std::move(name);
  target.path = std::move(path);
  return target;
}

inline watch::WatchTarget tree_target(std::string name, std::string path) {
  watch::WatchTarget target = file_target(std::move(name), std::move(path));
  target.enters = [](std::string_view directory) { return !directory.ends_with("pruned"); };
  target.matters = [](std::string_view file) { return !file.ends_with(".tmp"); };
  return target;
}

}  // namespace sessync::test
