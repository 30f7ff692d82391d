#include "daemon/secrets/fingerprints.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "daemon/os/os_error.h"
#include "daemon/os/unique_fd.h"

namespace sessync::secrets {
namespace {

constexpr const char* kFileName = "/fingerprint.key";
constexpr std::string_view kTokenDomain = "sessync token 1";
constexpr std::string_view kSourceDomain = "sessync source 1";
constexpr std::string_view kConsequence =
    "; what was sent last is unknown, so every token is sent once more";

/// Lengths go first, so that no two lists are one message.
void append_part(std::string& message, std::string_view part) {
  message += std::to_string(part.size());
  message += ':';
  message += part;
}

std::string hex(const unsigned char* bytes, std::size_t count) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(count * 2);
  for (std::size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4U];
    text += kDigits[bytes[i] & 15U];
  }
  return text;
}

}  // namespace

/// The key on disk.
class Fingerprints::KeyFile {
 public:
  explicit KeyFile(const std::string& state_dir)
      : directory_(state_dir), path_(state_dir + kFileName) {}

  [[nodiscard]] const std::string& path() const { return path_; }

  /// The key; or nothing, and what is wrong, "" if there is just no file.
  std::optional<Key> read(std::string& problem) const {
    const os::UniqueFd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file) {
      problem = errno == ENOENT ? "" : "cannot be read: " + os::error_text(errno);
      return std::nullopt;
    }
    std::array<unsigned char, kKeyBytes + 1> bytes{};
    const auto got = ::read(file.get(), bytes.data(), bytes.size());
    if (got != static_cast<ssize_t>(kKeyBytes)) {
      problem = "is damaged";
      return std::nullopt;
    }
    Key key{};
    std::copy_n(bytes.begin(), kKeyBytes, key.begin());
    return key;
  }

  /// Puts the key in place, whole or not at all. Returns an errno.
  [[nodiscard]] int write(const Key& key) const {
    const std::string fresh = path_ + ".new";
    ::unlink(fresh.c_str());
    const int error = write_to(fresh, key);
    if (error != 0) {
      ::unlink(fresh.c_str());
      return error;
    }
    if (std::rename(fresh.c_str(), path_.c_str()) != 0) return errno;
    const os::UniqueFd directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return directory && ::fsync(directory.get()) == 0 ? 0 : errno;
  }

  /// For a key that was made readable to others.
  void protect() const { ::chmod(path_.c_str(), S_IRUSR | S_IWUSR); }

 private:
  static int write_to(const std::string& path, const Key& key) {
    const os::UniqueFd file(::open(
        path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
    if (!file) return errno;
    const auto put = ::write(file.get(), key.data(), key.size());
    if (put != static_cast<ssize_t>(key.size())) return put < 0 ? errno : ENOSPC;
    return ::fsync(file.get()) == 0 ? 0 : errno;
  }

  std::string directory_;
  std::string path_;
};

Fingerprints::Key Fingerprints::random_key() {
  Key key{};
  std::size_t filled = 0;
  while (filled < key.size()) {
    const auto got = ::getrandom(key.data() + filled, key.size() - filled, 0);
    filled += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  return key;
}

Fingerprints Fingerprints::in_memory() { return Fingerprints(random_key()); }

Fingerprints Fingerprints::open(const std::string& state_dir, Access access, const Warn& warn) {
  const KeyFile file(state_dir);
  std::string problem;
  const auto kept = file.read(problem);
  if (kept) {
    if (access == Access::kWrite) file.protect();
    return Fingerprints(*kept);
  }
  const Key fresh = random_key();
  if (access == Access::kReadOnly) {
    if (!problem.empty()) warn(file.path() + " " + problem + std::string(kConsequence));
    return Fingerprints(fresh);
  }
  if (!problem.empty()) {
    warn(file.path() + " " + problem + ": a new key takes its place" + std::string(kConsequence));
  }
  if (const int error = file.write(fresh); error != 0) {
    warn(file.path() + " cannot be written: " + os::error_text(error) +
         ": the key is kept in memory, and after the next start every token is sent once more");
  }
  return Fingerprints(fresh);
}

std::string Fingerprints::digest(std::string message) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> result{};
  unsigned length = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), result.data(),
       &length);
  ports::wipe(message);
  return hex(result.data(), length);
}

std::string Fingerprints::of_token(const ports::Secret& token) const {
  std::string message;
  message.reserve(kTokenDomain.size() + token.reveal().size() + 32);
  append_part(message, kTokenDomain);
  append_part(message, token.reveal());
  return digest(std::move(message));
}

std::string Fingerprints::of_source(const std::vector<std::string>& configuration) const {
  std::string message;
  append_part(message, kSourceDomain);
  for (const auto& part : configuration) append_part(message, part);
  return digest(std::move(message));
}

}  // namespace sessync::secrets
