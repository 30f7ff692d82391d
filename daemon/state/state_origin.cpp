#include "daemon/state/state_origin.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/directory_stream.h"
#include "daemon/os/os_error.h"
#include "daemon/os/path_text.h"
#include "daemon/os/unique_fd.h"
#include "daemon/state/text_list.h"

namespace sessync::state {
namespace {

namespace fs = std::filesystem;

std::string origin_path(const std::string& directory) { return directory + "/origin"; }

bool has_state(const std::string& directory) {
  std::error_code error;
  return fs::exists(directory + "/state.db", error);
}

/// Directories beside this one that say whose they are, sorted.
std::vector<std::pair<std::string, StateOrigin>> origins_beside(const std::string& directory) {
  std::vector<std::pair<std::string, StateOrigin>> found;
  const auto above = fs::path(directory).parent_path().string();
  for (const auto& name : os::names_in(above)) {
    const auto path = os::join_path(above, name);
    if (auto origin = path == directory ? std::nullopt : read_state_origin(path)) {
      found.emplace_back(path, std::move(*origin));
    }
  }
  std::ranges::sort(found, {}, [](const auto& one) -> const std::string& { return one.first; });
  return found;
}

bool has_common_session(const StateOrigin& one, const StateOrigin& other) {
  return std::ranges::any_of(one.sessions, [&](const std::string& session) {
    return std::ranges::find(other.sessions, session) != other.sessions.end();
  });
}

}  // namespace

tl::expected<ports::Done, std::string> write_state_origin(const std::string& directory,
                                                          const StateOrigin& origin) {
  if (read_state_origin(directory) == origin) {
    return ports::Done{};
  }
  std::vector<std::string> texts{origin.manifest, origin.owner};
  texts.insert(texts.end(), origin.sessions.begin(), origin.sessions.end());
  const auto text = join_texts(texts);
  const auto path = origin_path(directory);
  const auto fresh = path + ".new";
  const os::UniqueFd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                               S_IRUSR | S_IWUSR));
  if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::rename(fresh.c_str(), path.c_str()) != 0) {
    return tl::unexpected("cannot write " + path + ": " + os::error_text(errno) +
                          "; should the manifest get another name, its state is not found again");
  }
  return ports::Done{};
}

std::optional<StateOrigin> read_state_origin(const std::string& directory) {
  std::ifstream file(origin_path(directory), std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  auto texts = split_texts(text);
  if (!file || !texts || texts->size() < 2) {
    return std::nullopt;
  }
  return StateOrigin{texts->at(0), texts->at(1), {texts->begin() + 2, texts->end()}};
}

std::optional<RelatedState> find_related_state(const std::string& directory,
                                               const StateOrigin& origin) {
  if (has_state(directory)) {
    return std::nullopt;
  }
  std::optional<RelatedState> found;
  for (const auto& [path, other] : origins_beside(directory)) {
    if (other.owner != origin.owner || !has_common_session(other, origin) || !has_state(path)) {
      continue;
    }
    std::error_code error;
    const bool is_usable =
        other.manifest == origin.manifest ||
        fs::symlink_status(other.manifest, error).type() == fs::file_type::not_found;
    if (!found || (is_usable && !found->is_usable)) {
      found = RelatedState{path, other.manifest, is_usable};
    }
  }
  return found;
}

std::string find_state_of(const std::string& directory, const std::string& manifest) {
  if (has_state(directory)) {
    return directory;
  }
  for (const auto& [path, other] : origins_beside(directory)) {
    if (other.manifest == manifest && has_state(path)) {
      return path;
    }
  }
  return directory;
}

}  // namespace sessync::state
