#include "daemon/remote/daemon_file.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/os_error.h"
#include "daemon/os/unique_fd.h"

namespace sessync::remote {
namespace {

constexpr std::size_t kMostBytes = 4096;

std::string path_in(const std::string& state_dir) { return state_dir + "/daemon.json"; }

tl::unexpected<std::string> unreadable(const std::string& path) {
  return tl::unexpected("cannot read " + path + ": " + os::error_text(errno));
}

std::optional<DaemonFile> parse_daemon_file(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto has = [&json](const char* key) { return json.contains(key) && json[key].is_string(); };
  if (!json.is_object() || !json.contains("pid") || !json["pid"].is_number_integer() ||
      !has("listen") || !has("nonce")) {
    return std::nullopt;
  }
  const bool tls = json.contains("tls") && json["tls"] == true;
  return DaemonFile{json["pid"].get<int>(), json["listen"].get<std::string>(),
                    ports::Secret(json["nonce"].get<std::string>()), tls,
                    has("socket") ? json["socket"].get<std::string>() : ""};
}

}  // namespace

tl::expected<void, ports::StoreError> write_daemon_file(const std::string& state_dir,
                                                        const DaemonFile& file) {
  const auto path = path_in(state_dir);
  const auto fresh = path + ".new";
  const nlohmann::ordered_json json = {{"pid", file.pid},
                                       {"listen", file.listen},
                                       {"nonce", file.nonce.reveal()},
                                       {"tls", file.tls},
                                       {"socket", file.socket}};
  const auto text = json.dump() + "\n";
  ::unlink(fresh.c_str());  // one that was left over could be anybody's to read
  const os::UniqueFd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                               S_IRUSR | S_IWUSR));
  const int open_error = errno;
  errno = ENOSPC;  // what a write that stops halfway does not say
  if (fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::rename(fresh.c_str(), path.c_str()) == 0) {
    return {};
  }
  const int error = fd ? errno : open_error;
  ::unlink(fresh.c_str());
  return tl::unexpected(ports::StoreError{"cannot write " + path + ": " + os::error_text(error),
                                          os::is_no_room(error)});
}

tl::expected<std::optional<DaemonFile>, std::string> read_daemon_file(
    const std::string& state_dir) {
  const auto path = path_in(state_dir);
  const os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return std::nullopt;
    }
    return unreadable(path);
  }
  std::array<char, kMostBytes> buffer{};
  const auto got = ::read(fd.get(), buffer.data(), buffer.size());
  if (got < 0) {
    return unreadable(path);
  }
  auto file = parse_daemon_file(std::string(buffer.data(), static_cast<std::size_t>(got)));
  if (!file) {
    return tl::unexpected(path + " is not what a daemon writes; start the daemon again");
  }
  return file;
}

void remove_daemon_file(const std::string& state_dir, int pid) {
  const auto file = read_daemon_file(state_dir);
  if (file && *file && (*file)->pid == pid) {
    ::unlink(path_in(state_dir).c_str());
  }
}

}  // namespace sessync::remote
