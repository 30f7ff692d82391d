#include "daemon/secrets/secret_reader.h"

#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "daemon/os/loose_mode.h"
#include "daemon/os/os_error.h"
#include "daemon/os/unique_fd.h"

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

}  // namespace

std::string secret_path(const std::string& secrets_dir, const std::string& name) {
  std::error_code ignored;
  return std::filesystem::absolute(std::filesystem::path(secrets_dir) / name, ignored)
      .lexically_normal()
      .string();
}

SecretReader::SecretReader(std::string secrets_dir, Warn warn)
    : secrets_dir_(std::move(secrets_dir)), warn_(std::move(warn)) {}

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
                                                                    std::size_t most) {
  const std::string path = secret_path(secrets_dir_, name);
  const auto failed = [&path](const std::string& why) {
    return tl::unexpected("secret file " + path + " " + why);
  };
  // Non-blocking: to open a FIFO would otherwise wait for its writer.
  const os::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) return failed("cannot be opened: " + os::error_text(errno));
  struct stat info = {};
  if (::fstat(file.get(), &info) != 0) return failed("cannot be read: " + os::error_text(errno));
  if (!S_ISREG(info.st_mode)) return failed("is no regular file");
  warn_once(path, info);
  std::string text(most + 1, '\0');
  const bool complete = read_all(file.get(), text);
  const int error = errno;
  Content content{path, ports::Secret(text)};
  const bool too_long = text.size() > most;
  ports::wipe(text);
  if (!complete) return failed("cannot be read: " + os::error_text(error));
  if (too_long) return failed("is longer than " + std::to_string(most) + " bytes");
  return content;
}

}  // namespace sessync::secrets
