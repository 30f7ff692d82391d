#include "daemon/secrets/secret_reader.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "daemon/os/beneath.h"
#include "daemon/os/loose_mode.h"
#include "daemon/os/os_error.h"
#include "daemon/os/path_text.h"
#include "manifest/parse/relative_path.h"

namespace sessync::secrets {
namespace {

/// Fills `text`, whose size is the limit plus one; false: errno says why.
bool read_all(int file, std::string& text) {
  std::size_t filled = 0;
  while (filled < text.size()) {
    const auto got = ::read(file, text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return true;
}

/// What to do about a name that is not below the directory.
std::string other_name(const std::string& secrets_dir, const std::string& path) {
  const std::string below = std::filesystem::path(path).lexically_relative(secrets_dir).string();
  if (below.empty() || below == "." || below.starts_with("..")) {
    return "put the file there and write its name alone";
  }
  return "write " + below;
}

}  // namespace

bool is_secret_name(const std::string& name) {
  const auto path = manifest::clean_relative_path(name);
  return path && !path->is_directory;
}

std::string secret_path(const std::string& secrets_dir, const std::string& name) {
  std::error_code ignored;
  return std::filesystem::absolute(std::filesystem::path(secrets_dir) / name, ignored)
      .lexically_normal()
      .string();
}

SecretReader::SecretReader(std::string secrets_dir, std::vector<std::string> never, Warn warn)
    : secrets_dir_(std::move(secrets_dir)), never_(std::move(never)), warn_(std::move(warn)) {}

bool SecretReader::is_never_read(const struct stat& info) const {
  return std::ranges::any_of(never_, [&info](const std::string& path) {
    struct stat own = {};
    return ::stat(path.c_str(), &own) == 0 && own.st_dev == info.st_dev &&
           own.st_ino == info.st_ino;
  });
}

tl::expected<os::UniqueFd, std::string> SecretReader::open(const std::string& name,
                                                           const std::string& confined_to) const {
  if (!is_secret_name(name)) {
    return tl::unexpected("is not read, because only files below " + secrets_dir_ +
                          " (--secrets-dir) are, named from there: " +
                          other_name(secrets_dir_, secret_path(secrets_dir_, name)));
  }
  const auto failed = [this](int error) {
    return tl::unexpected(
        error == EXDEV ? "is not read, because it leads out of " + secrets_dir_ +
                             " (--secrets-dir) through a symlink, or through an absolute one: put "
                             "the file itself there"
                       : "cannot be opened: " + os::error_text(error));
  };
  const auto root = os::Beneath::open(secrets_dir_);
  if (!root) return failed(root.error());
  // Non-blocking: to open a FIFO would otherwise wait for its writer.
  auto file = root->open_at(name, O_RDONLY | O_NOCTTY | O_NONBLOCK, os::Beneath::Links::kFollow);
  if (!file) return failed(file.error());
  const auto place = root->path_of(file->get());
  if (!confined_to.empty() && !(place && os::lies_in_volume(*place, confined_to))) {
    return tl::unexpected(
        "is not read, because it leads out of " + confined_to +
        "/ through a symlink, and the operator confines the manifest file to that");
  }
  return std::move(*file);
}

void SecretReader::warn_once(const std::string& path, const struct stat& info) {
  const auto text = os::loose_mode(info, path, "secret file");
  if (text.empty() || !warn_) return;
  {
    const std::lock_guard lock(mutex_);
    if (!warned_.insert(path).second) return;
  }
  warn_(text);
}

tl::expected<SecretReader::Content, std::string> SecretReader::read(const std::string& name,
                                                                    const std::string& confined_to,
                                                                    std::size_t most) {
  const std::string path = secret_path(secrets_dir_, name);
  const auto failed = [&path](const std::string& why) {
    return tl::unexpected("secret file " + path + " " + why);
  };
  const auto file = open(name, confined_to);
  if (!file) return failed(file.error());
  struct stat info = {};
  if (::fstat(file->get(), &info) != 0) return failed("cannot be read: " + os::error_text(errno));
  if (!S_ISREG(info.st_mode)) return failed("is no regular file");
  if (is_never_read(info)) {
    return failed(
        "is a key or a token of sessync's own, which an option names, and is never sent to a "
        "session: name another file, and keep the two in different directories");
  }
  warn_once(path, info);
  std::string text(most + 1, '\0');
  const bool complete = read_all(file->get(), text);
  const int error = errno;
  Content content{path, ports::Secret(text)};
  const bool too_long = text.size() > most;
  ports::wipe(text);
  if (!complete) return failed("cannot be read: " + os::error_text(error));
  if (too_long) return failed("is longer than " + std::to_string(most) + " bytes");
  return content;
}

}  // namespace sessync::secrets
