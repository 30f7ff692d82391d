#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <sys/inotify.h>

#include "daemon/os/unique_fd.h"
#include "daemon/watch/quiet.h"
#include "daemon/watch/watch_report.h"
#include "daemon/watch/watch_target.h"

namespace sessync::watch {

/// The inotify watches behind a set of targets, and what an event means for them. Knows no thread
/// and no time.
///
/// Only directories are watched, each before it is read, so that what appears meanwhile is either
/// read or an event. On the way to a target every directory in which a name is looked up is watched
/// for that name. Renames are not paired: a name that went and a name that came are both looked at.
class WatchSet {
 public:
  using AddWatch = std::function<int(int fd, const char* path, std::uint32_t mask)>;

  /// What a batch of events amounts to.
  struct Outcome {
    std::set<std::string> names;  ///< of targets that may have changed
    bool lost_events = false;     ///< everything may have: rescan() is needed
  };

  explicit WatchSet(AddWatch add_watch);

  /// -1: the kernel gave no inotify instance, see degraded_reason().
  [[nodiscard]] int fd() const { return fd_.get(); }

  void set_targets(std::vector<WatchTarget> targets);

  /// Interprets what read(2) returned.
  Outcome handle(std::span<const char> events);

  /// Resolves and crawls all targets again.
  void rescan();

  /// Looks at the places whose filesystem may raise no event: those that look different changed.
  Outcome look();

  /// The least trust that any place deserves.
  [[nodiscard]] EventTrust trust() const;

  [[nodiscard]] const std::set<std::string>& names() const { return names_; }
  [[nodiscard]] std::string degraded_reason() const;
  [[nodiscard]] std::string quiet_reason() const;
  [[nodiscard]] WatchStatistics statistics() const;

 private:
  struct Place {  // a directory as a part of a target's tree
    std::size_t target = 0;
    std::string directory;  // below the target
  };
  struct Lookup {  // a name on the way to a target
    std::size_t target = 0;
    bool is_last = false;
  };
  struct Watch {
    std::vector<Place> places;
    std::multimap<std::string, Lookup, std::less<>> lookups;
  };
  struct Quiet {  // a place whose filesystem may raise no event
    std::uint64_t look = 0;
    EventTrust trust = EventTrust::kAll;
  };
  struct Target {
    WatchTarget wanted;
    std::optional<std::string> resolved;
    std::map<std::string, int> directories;  // of its tree: path below it, watch
    std::set<int> on_the_way;                // watches with a lookup for it
    std::map<std::string, Quiet> quiet;      // of its tree: path below it
    std::optional<Quiet> quiet_path;         // its own path
  };

  void open_instance();
  void rebuild_all();
  void rebuild_pending();
  void rebuild(std::size_t index);
  void resolve(std::size_t index);
  std::optional<std::string> follow(std::size_t index, const std::string& path);
  void crawl(std::size_t index, const std::string& directory);
  void add_place(std::size_t index, const std::string& directory, int id);
  void remove_place(std::size_t index, const std::string& directory, int id);
  std::vector<std::string> directories_in(std::size_t index, const std::string& directory);
  void forget_below(std::size_t index, const std::string& directory);
  int watch_directory(const std::string& path, std::uint32_t mask);
  void drop_if_unused(int id);

  void note_trust(std::size_t index, const std::string& directory, int fd);
  void note_trust_in_parent(std::size_t index, const std::string& directory);
  [[nodiscard]] std::uint64_t look_of_place(std::size_t index, const std::string& directory) const;
  [[nodiscard]] bool looks_different(std::size_t index) const;

  void handle_one(const inotify_event& event, std::string_view name, Outcome& outcome);
  void handle_self(const inotify_event& event, Outcome& outcome);
  void handle_lookups(const inotify_event& event, std::string_view name, Outcome& outcome);
  void handle_place(const Place& place, std::uint32_t mask, std::string_view name,
                    Outcome& outcome);
  void forget_place(const Place& place, int id);
  void rebuild_later(std::size_t index, Outcome& outcome);

  static bool matters(const WatchTarget& wanted, const std::string& path);
  [[nodiscard]] std::string path_of(std::size_t index, const std::string& directory) const;

  AddWatch add_watch_;
  os::UniqueFd fd_;
  int instance_error_ = 0;
  std::vector<Target> targets_;
  std::set<std::string> names_;
  std::unordered_map<int, Watch> watches_;  // by watch descriptor
  std::set<std::string> unwatched_;         // directories for which there was no watch
  std::string unwatched_reason_;
  std::set<std::size_t> to_rebuild_;
  Filesystems filesystems_;
  WatchStatistics statistics_;
};

}  // namespace sessync::watch
