#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "daemon/os/unique_fd.h"

namespace sessync::os {

/// One directory, below which paths are opened; no path leads outside of it, whatever symlinks it
/// contains or is swapped for meanwhile.
class Beneath {
 public:
  enum class Links {
    kFollow,  ///< symlinks are followed as long as they stay inside (absolute ones do not)
    kRefuse,  ///< any symlink on the way is ELOOP
  };
  /// How paths are resolved: by the kernel (openat2), or here, step by step, where it cannot.
  enum class Resolver { kKernel, kSteps };

  /// `root` must be resolved and absolute. The error is an errno.
  static tl::expected<Beneath, int> open(const std::string& root);
  static tl::expected<Beneath, int> open(const std::string& root, Resolver resolver);

  /// Opens `path` ("" is the root itself) with open(2)'s `flags`. The error is an errno: EXDEV if
  /// the path leads outside.
  [[nodiscard]] tl::expected<UniqueFd, int> open_at(std::string_view path, int flags,
                                                    Links links) const;

  /// Where `fd` is below the root, without symlinks; nothing if it is not, or is not known.
  [[nodiscard]] std::optional<std::string> path_of(int fd) const;

  /// Takes note of an error met below this root, if it is a shortage. open_at() does so itself.
  /// Any thread.
  void note(int error) const;
  /// The errno of the last shortage that was met below this root; 0: none. Whatever is said about
  /// what lies there is worth nothing then.
  [[nodiscard]] int shortage() const { return *shortage_; }

  [[nodiscard]] const std::string& root() const { return root_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  [[nodiscard]] tl::expected<UniqueFd, int> resolve(std::string_view path, int flags,
                                                    Links links) const;
  Beneath(std::string root, UniqueFd fd, Resolver resolver)
      : root_(std::move(root)), fd_(std::move(fd)), resolver_(resolver) {}

  std::string root_;
  UniqueFd fd_;
  Resolver resolver_;
  std::shared_ptr<std::atomic<int>> shortage_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace sessync::os
