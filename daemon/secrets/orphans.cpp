#include "daemon/secrets/orphans.h"

#include <charconv>
#include <mutex>
#include <set>
#include <string_view>

#include <dirent.h>
#include <sys/wait.h>

#include "daemon/os/directory_stream.h"

namespace sessync::secrets {
namespace {

std::mutex g_children_mutex;
std::set<pid_t>& awaited_children() {
  static std::set<pid_t> children;
  return children;
}

/// 0: the name is no process id.
pid_t process_of(std::string_view name) {
  pid_t id = 0;
  const auto* const first = name.data();  // NOLINT(bugprone-suspicious-stringview-data-usage)
  const auto* const last = first + name.size();
  const auto [end, error] = std::from_chars(first, last, id);
  return error == std::errc() && end == last ? id : 0;
}

}  // namespace

pid_t start_child(const std::function<pid_t()>& start) {
  const std::lock_guard lock(g_children_mutex);
  const auto child = start();
  if (child > 0) {
    awaited_children().insert(child);
  }
  return child;
}

void forget_child(pid_t child) {
  const std::lock_guard lock(g_children_mutex);
  awaited_children().erase(child);
}

/// The kernel does not list a process' children everywhere, but it is no error to ask for one that
/// is somebody else's.
void reap_orphans() {
  const os::DirectoryStream processes(::opendir("/proc"));
  if (!processes) {
    return;
  }
  const std::lock_guard lock(g_children_mutex);
  // The list belongs to this thread alone.
  while (const auto* entry = ::readdir(processes.get())) {  // NOLINT(concurrency-mt-unsafe)
    const auto id = process_of(static_cast<const char*>(entry->d_name));
    if (id > 0 && !awaited_children().contains(id)) {
      ::waitpid(id, nullptr, WNOHANG);
    }
  }
}

}  // namespace sessync::secrets
