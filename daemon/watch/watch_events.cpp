#include <cstring>

#include <sys/stat.h>

#include "daemon/os/path_text.h"
#include "daemon/watch/inotify_masks.h"
#include "daemon/watch/watch_set.h"

/// The half of WatchSet that interprets events.
namespace sessync::watch {
namespace {

bool is_link(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

}  // namespace

WatchSet::Outcome WatchSet::handle(std::span<const char> events) {
  Outcome outcome;
  while (events.size() >= sizeof(inotify_event)) {
    inotify_event event{};
    std::memcpy(&event, events.data(), sizeof event);
    const std::size_t size = sizeof event + event.len;
    if (events.size() < size) break;
    const char* text = events.data() + sizeof event;  // padded with NUL bytes
    ++statistics_.events;
    handle_one(event, {text, ::strnlen(text, event.len)}, outcome);
    events = events.subspan(size);
  }
  rebuild_pending();
  return outcome;
}

void WatchSet::handle_one(const inotify_event& event, std::string_view name, Outcome& outcome) {
  // An overflow belongs to no watch: it must be seen before one is looked for.
  if ((event.mask & IN_Q_OVERFLOW) != 0) {
    ++statistics_.overflows;
    outcome.lost_events = true;
    outcome.names = names_;
    return;
  }
  if (!watches_.contains(event.wd)) return;  // of a watch that was dropped meanwhile
  if ((event.mask & (kSelfWent | IN_IGNORED)) != 0) return handle_self(event, outcome);
  handle_lookups(event, name, outcome);
  // Handling changes the places.
  const std::vector<Place> places = watches_[event.wd].places;
  for (const Place& place : places) handle_place(place, event.mask, name, outcome);
}

/// A directory inside a tree is an event of the directory above it as well; only a target, or what
/// is on the way to one, has to be looked for again.
void WatchSet::handle_self(const inotify_event& event, Outcome& outcome) {
  const Watch watch = watches_[event.wd];
  const bool is_gone = (event.mask & IN_IGNORED) != 0;
  for (const Place& place : watch.places) {
    if (is_gone) forget_place(place, event.wd);
    if (place.directory.empty()) rebuild_later(place.target, outcome);
  }
  for (const auto& [name, lookup] : watch.lookups) rebuild_later(lookup.target, outcome);
  if (!is_gone) return;
  for (const auto& [name, lookup] : watch.lookups) {
    targets_[lookup.target].on_the_way.erase(event.wd);
  }
  watches_.erase(event.wd);
}

void WatchSet::handle_lookups(const inotify_event& event, std::string_view name, Outcome& outcome) {
  const auto [first, last] = watches_[event.wd].lookups.equal_range(name);
  for (auto each = first; each != last; ++each) {
    const Lookup& lookup = each->second;
    // A directory whose mode changed may be readable only now.
    const bool is_chmod = (event.mask & IN_ISDIR) != 0 && (event.mask & IN_ATTRIB) != 0;
    if ((event.mask & (kNameCame | kNameWent)) != 0 || is_chmod) {
      rebuild_later(lookup.target, outcome);
    } else if (lookup.is_last) {
      outcome.names.insert(targets_[lookup.target].wanted.name);
    }
  }
}

void WatchSet::handle_place(const Place& place, std::uint32_t mask, std::string_view name,
                            Outcome& outcome) {
  // Events of the directory itself (a chmod) come without a name, and with one from above.
  if (name.empty() || to_rebuild_.contains(place.target)) return;
  const Target& target = targets_[place.target];
  const std::string path = os::join_path(place.directory, name);
  if ((mask & IN_ISDIR) != 0) {
    if (!target.wanted.enters(path)) return;
    forget_below(place.target, path);
    crawl(place.target, path);
  } else {
    if (!matters(target.wanted, path)) return;
    const std::string real = path_of(place.target, path);
    if ((mask & kNameCame) != 0 && is_link(real)) follow(place.target, real);
  }
  outcome.names.insert(target.wanted.name);
}

/// The directory may have got another watch meanwhile, which stays.
void WatchSet::forget_place(const Place& place, int id) {
  auto& directories = targets_[place.target].directories;
  const auto found = directories.find(place.directory);
  if (found != directories.end() && found->second == id) directories.erase(found);
}

void WatchSet::rebuild_later(std::size_t index, Outcome& outcome) {
  to_rebuild_.insert(index);
  outcome.names.insert(targets_[index].wanted.name);
}

}  // namespace sessync::watch
