#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/watch/watch_report.h"
#include "daemon/watch/watch_target.h"

namespace sessync::watch {

struct WatcherOptions {
  std::chrono::milliseconds settle{50};        ///< quiet time after the last event of a name
  std::chrono::milliseconds settle_cap{2000};  ///< no name waits longer than this

  std::chrono::milliseconds poll{10'000};           ///< look at filesystems that raise no events
  std::chrono::milliseconds poll_layers{60'000};    ///< the same, for what only layers below hide
  std::chrono::milliseconds retry_watches{60'000};  ///< try again what could not be watched
  std::chrono::milliseconds patience{5'000};        ///< see set_targets()

  /// inotify_add_watch(2), replaceable to test the lack of watches.
  std::function<int(int fd, const char* path, std::uint32_t mask)> add_watch;
};

/// Tells which targets may have changed. A hint, never the truth: callers re-read everything, and
/// poll from time to time for what no event covers (and more often while degraded()).
///
/// Filesystems whose changes may be no events (NFS, FUSE, overlay, ...) are looked at instead.
///
/// One thread, which sleeps until the kernel has something to say.
class Watcher {
 public:
  using OnChange = std::function<void(const WatchChange&)>;

  /// `on_change` is called on the watcher's thread and must not wait for a caller of set_targets.
  explicit Watcher(OnChange on_change, const WatcherOptions& options = {});
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// Replaces what is watched. When it returns, the watches are in place: what changes from now on
  /// is reported. Nothing is reported for the targets themselves. Any thread.
  ///
  /// Where that takes longer than `patience` (a slow file system) it returns all the same,
  /// degraded, and everything is reported as changed once the watches are in place.
  void set_targets(std::vector<WatchTarget> targets);

  /// Why changes may be missed (no watches left, no inotify): what to do about it. "" if all is
  /// well.
  [[nodiscard]] std::string degraded_reason() const;

  /// Where the filesystem may raise no event, so that it is looked at from time to time. "":
  /// nowhere.
  [[nodiscard]] std::string quiet_reason() const;
  [[nodiscard]] bool degraded() const { return !degraded_reason().empty(); }
  [[nodiscard]] WatchStatistics statistics() const;

 private:
  class Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace sessync::watch
