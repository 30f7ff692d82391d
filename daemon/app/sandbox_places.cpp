#include "daemon/app/sandbox_places.h"

#include <filesystem>
#include <optional>
#include <utility>

#include <sys/stat.h>

#include "daemon/watch/path_chain.h"

namespace sessync::app {
namespace {

namespace fs = std::filesystem;

bool is_directory(const std::string& path) {
  struct stat found{};
  return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

bool is_below(const std::string& path, const std::string& directory) {
  return directory == "/" || path == directory || path.starts_with(directory + "/");
}

/// Where a path leads through every link: the directory that it is, or that holds it, or in which
/// the first thing on the way is missing.
std::string deepest_directory(const std::string& path) {
  std::string last = "/";
  const auto end = watch::resolve_chain(
      path, [&](const std::string& directory, const std::string&, bool) { last = directory; });
  return end && is_directory(*end) ? *end : last;
}

/// Links of the system that have led there for decades.
bool is_of_the_system(const std::string& link) { return link == "/var/run" || link == "/var/lock"; }

/// What pipes and such have for names: rules are not about them.
bool is_descriptor(const std::string& path) {
  return path.starts_with("/dev/fd/") || path.starts_with("/dev/std") || path.starts_with("/proc/");
}

}  // namespace

void SandboxPlaces::add(os::FileRule::Right right, std::string path) {
  rules_.push_back({std::move(path), right});
}

void SandboxPlaces::cannot(const std::string& what, const std::string& path,
                           const std::string& why) {
  if (uncovered_.empty()) uncovered_ = what + " " + path + why;
}

void SandboxPlaces::read(const std::string& what, const std::string& path) {
  if (is_descriptor(path)) return;
  watch::resolve_chain(path, [&](const std::string& directory, const std::string& name, bool) {
    const auto link = (directory == "/" ? "" : directory) + "/" + name;
    std::error_code error;
    if (!fs::is_symlink(link, error) || is_of_the_system(link)) return;
    add(os::FileRule::Right::kRead, directory);
    if (!is_below(deepest_directory(link), directory)) {
      cannot(what, path, ": the link " + link + " leads out of its directory");
    }
  });
  add(os::FileRule::Right::kRead, deepest_directory(path));
}

void SandboxPlaces::read_successors(const std::string& path, const std::string& home) {
  std::error_code error;
  auto above = fs::canonical(fs::path(path).parent_path(), error);
  const bool known = !error && above.has_relative_path();
  if (known && above != fs::weakly_canonical(home, error)) {
    add(os::FileRule::Right::kRead, above.string());
  }
}

void SandboxPlaces::read_system(const std::string& path) {
  std::error_code error;
  auto place = fs::canonical(path, error).string();
  if (!error) add(os::FileRule::Right::kRead, std::move(place));
}

void SandboxPlaces::read_system_file(const std::string& what, const std::string& path) {
  const auto place = deepest_directory(path);
  if (place == "/" || place == "/run") {
    cannot(what, path, " leads to nothing that is there yet");
  } else {
    add(os::FileRule::Right::kRead, place);
  }
}

void SandboxPlaces::allow(os::FileRule::Right right, const std::string& what,
                          const std::string& path) {
  std::error_code error;
  auto place = fs::canonical(path, error).string();
  if (error) {
    cannot(what, path, " is not there");
  } else {
    add(right, std::move(place));
  }
}

tl::expected<std::vector<os::FileRule>, std::string> SandboxPlaces::rules() const {
  if (!uncovered_.empty()) return tl::unexpected(uncovered_);
  return rules_;
}

}  // namespace sessync::app
