#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <string>

#include <sys/stat.h>
#include <tl/expected.hpp>

#include "reconciler/ports/secret.h"

namespace sessync::secrets {

/// Where the secret file `name` of a manifest lies: names are relative to the secrets directory,
/// absolute ones stand for themselves.
std::string secret_path(const std::string& secrets_dir, const std::string& name);

/// Reads secret files, afresh each time. Safe to use from many threads.
class SecretReader {
 public:
  using Warn = std::function<void(const std::string&)>;
  SecretReader(std::string secrets_dir, Warn warn);

  struct Content {
    std::string path;
    ports::Secret text;
  };
  /// The whole file. An error names it and says what is wrong. A file whose mode lets others in is
  /// warned of once.
  tl::expected<Content, std::string> read(const std::string& name, std::size_t most);

 private:
  void warn_once(const std::string& path, const struct stat& info);

  std::string secrets_dir_;
  Warn warn_;
  std::mutex mutex_;
  std::set<std::string> warned_;
};

}  // namespace sessync::secrets
