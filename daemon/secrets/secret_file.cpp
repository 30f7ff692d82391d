#include "daemon/secrets/secret_file.h"

#include <chrono>
#include <utility>

#include <sys/stat.h>

#include "daemon/os/live_secrets.h"
#include "daemon/os/patient_read.h"
#include "daemon/secrets/credential_text.h"

namespace sessync::secrets {
namespace {

constexpr std::size_t kMaxSecretBytes = 65536;
constexpr std::chrono::seconds kWriterWithin{5};

tl::expected<ports::Secret, std::string> read_secret(const std::string& path) {
  std::string text(kMaxSecretBytes + 1, '\0');
  if (const auto why = os::read_patiently(path, text, kWriterWithin); !why.empty()) {
    ports::wipe(text);
    return tl::unexpected(path + " " + why);
  }
  if (text.size() > kMaxSecretBytes) {
    ports::wipe(text);
    return tl::unexpected(path + " cannot be used: it is no readable file of at most 64 KiB");
  }
  auto secret = credential_of_text(std::move(text), kMaxSecretBytes);
  if (!secret) {
    return tl::unexpected(path + " " + secret.error() +
                          ": write the secret, and nothing else, into it");
  }
  os::live_secrets().replace("file " + path, *secret);
  return secret;
}

}  // namespace

SecretFile::SecretFile(std::string path) : path_(std::move(path)) {}

SecretFile::Stamp SecretFile::stamp() const {
  struct stat info = {};
  if (::stat(path_.c_str(), &info) != 0) {
    return {};
  }
  return {static_cast<long long>(info.st_dev), static_cast<long long>(info.st_ino),
          static_cast<long long>(info.st_size),
          static_cast<long long>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec};
}

tl::expected<ports::Secret, std::string> SecretFile::refresh() {
  if (is_spent()) {
    return value_;
  }
  const bool from_pipe = os::is_pipe(path_);
  const auto now = stamp();
  auto secret = read_secret(path_);
  const std::lock_guard lock(mutex_);
  if (secret) {
    seen_ = now;
    value_ = *secret;
    spent_ = from_pipe;
  }
  return secret;
}

bool SecretFile::is_spent() {
  const std::lock_guard lock(mutex_);
  return spent_;
}

ports::Secret SecretFile::current() {
  const auto now = stamp();
  {
    const std::lock_guard lock(mutex_);
    if (spent_ || now == seen_) {
      return value_;
    }
  }
  if (const auto fresh = refresh()) {
    return *fresh;
  }
  const std::lock_guard lock(mutex_);
  return value_;
}

}  // namespace sessync::secrets
