#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <tl/expected.hpp>

#include "daemon/os/unique_fd.h"
#include "reconciler/ports/secret.h"

namespace sessync::secrets {

/// Where the secret file `name` of a manifest lies, or would if it may lie there: names are
/// relative to the secrets directory, absolute ones stand for themselves.
std::string secret_path(const std::string& secrets_dir, const std::string& name);

/// Whether the name is one below the secrets directory. None else is ever read.
bool is_secret_name(const std::string& name);

/// Reads secret files, afresh each time, below one directory: no name and no link leads out of it.
/// Safe to use from many threads.
class SecretReader {
 public:
  using Warn = std::function<void(const std::string&)>;
  /// `never`: files that are not read under whatever name they are met, told by device and inode as
  /// they are then; they need not exist.
  SecretReader(std::string secrets_dir, std::vector<std::string> never, Warn warn);

  struct Content {
    std::string path;
    ports::Secret text;
  };
  /// The whole file, which must lie in the directory `confined_to` (below that for secrets; "":
  /// it), wherever links lead. An error names it and says what is wrong. A file whose mode lets
  /// others in is warned of once.
  tl::expected<Content, std::string> read(const std::string& name, const std::string& confined_to,
                                          std::size_t most);

 private:
  void warn_once(const std::string& path, const struct stat& info);
  [[nodiscard]] bool is_never_read(const struct stat& info) const;
  /// The error says why, as the end of a sentence whose subject is the file.
  [[nodiscard]] tl::expected<os::UniqueFd, std::string> open(const std::string& name,
                                                             const std::string& confined_to) const;

  std::string secrets_dir_;
  std::vector<std::string> never_;
  Warn warn_;
  std::mutex mutex_;
  std::set<std::string> warned_;
};

}  // namespace sessync::secrets
