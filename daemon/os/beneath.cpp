#include "daemon/os/beneath.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <vector>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/os/os_error.h"

namespace sessync::os {
namespace {

using Opened = tl::expected<UniqueFd, int>;

constexpr int kMaxLinks = 40;              // as the kernel
constexpr int kMaxRaces = 32;              // EAGAIN of openat2: something was renamed meanwhile
constexpr std::size_t kMaxStretch = 2048;  // well below PATH_MAX

Opened opened(long result) {
  if (result < 0) return tl::unexpected(errno);
  return UniqueFd(static_cast<int>(result));
}

Opened open_by_kernel(int directory, const std::string& path, int flags, Beneath::Links links) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (links == Beneath::Links::kRefuse) how.resolve |= RESOLVE_NO_SYMLINKS;
  Opened result = tl::unexpected(EAGAIN);
  for (int race = 0; race < kMaxRaces && !result && result.error() == EAGAIN; ++race) {
    result = opened(::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how));
  }
  return result;
}

/// openat2 is missing on old kernels and in some sandboxes, and refused by old container runtimes.
bool kernel_can_resolve() {
  static const bool can = [] {
    const auto tried = open_by_kernel(AT_FDCWD, ".", O_PATH | O_DIRECTORY, Beneath::Links::kFollow);
    return tried || is_shortage(tried.error());
  }();
  return can;
}

std::optional<std::string> read_link(int fd, const char* path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t length = ::readlinkat(fd, path, target.data(), target.size());
  if (length < 0 || static_cast<std::size_t>(length) == target.size()) return std::nullopt;
  return std::string(target.data(), static_cast<std::size_t>(length));
}

/// Walks a path component by component and never lets the kernel follow a symlink.
class StepResolver {
 public:
  StepResolver(int root, std::string_view path, Beneath::Links links)
      : root_(root), rest_(path), links_(links) {}

  Opened run(int flags) {
    while (!rest_.empty()) {
      const std::string part = next_part();
      if (part.empty() || part == ".") continue;
      const bool keep_link = rest_.empty() && (flags & O_NOFOLLOW) != 0;
      const int error = part == ".." ? leave() : enter(part, keep_link);
      if (error != 0) return tl::unexpected(error);
    }
    return opened(::openat(parent_of_last(), last_.empty() ? "." : last_.c_str(),
                           flags | O_NOFOLLOW | O_CLOEXEC));
  }

 private:
  [[nodiscard]] int current() const {
    return directories_.empty() ? root_ : directories_.back().get();
  }
  /// The last component is opened with the caller's flags, from the directory it was found in.
  [[nodiscard]] int parent_of_last() const {
    if (last_.empty()) return current();
    return directories_.size() < 2 ? root_ : directories_[directories_.size() - 2].get();
  }

  std::string next_part() {
    const std::size_t end = std::min(rest_.find('/'), rest_.size());
    std::string part = rest_.substr(0, end);
    rest_.erase(0, end + 1);
    return part;
  }

  int leave() {
    if (directories_.empty()) return EXDEV;
    directories_.pop_back();
    last_.clear();
    return 0;
  }

  int enter(const std::string& part, bool keep_link) {
    Opened next = opened(::openat(current(), part.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return next.error();
    const std::optional<std::string> target = read_link(next->get(), "");
    if (target && !keep_link) return follow(*target);
    directories_.push_back(std::move(*next));
    last_ = part;
    return 0;
  }

  int follow(const std::string& target) {
    if (links_ == Beneath::Links::kRefuse || ++followed_ > kMaxLinks) return ELOOP;
    if (target.starts_with('/')) return EXDEV;
    rest_ = rest_.empty() ? target : target + "/" + rest_;
    return 0;
  }

  int root_;
  std::string rest_;
  Beneath::Links links_;
  std::vector<UniqueFd> directories_;  // one per component below the root
  std::string last_;
  int followed_ = 0;
};

Opened open_stretch(int directory, const std::string& path, int flags, Beneath::Links links) {
  return open_by_kernel(directory, path.empty() ? "." : path, flags, links);
}

/// A path longer than PATH_MAX is opened in stretches; only possible where no link is followed.
Opened open_in_stretches(int root, std::string_view path, int flags) {
  Opened directory = UniqueFd();
  int from = root;
  while (path.size() > kMaxStretch) {
    const std::size_t cut = path.rfind('/', kMaxStretch);
    if (cut == std::string_view::npos) return tl::unexpected(ENAMETOOLONG);
    directory = open_stretch(from, std::string(path.substr(0, cut)), O_PATH | O_DIRECTORY,
                             Beneath::Links::kRefuse);
    if (!directory) return directory;
    from = directory->get();
    path.remove_prefix(cut + 1);
  }
  return open_stretch(from, std::string(path), flags, Beneath::Links::kRefuse);
}

}  // namespace

tl::expected<Beneath, int> Beneath::open(const std::string& root) {
  return open(root, kernel_can_resolve() ? Resolver::kKernel : Resolver::kSteps);
}

tl::expected<Beneath, int> Beneath::open(const std::string& root, Resolver resolver) {
  Opened fd = opened(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return tl::unexpected(fd.error());
  return Beneath(root, std::move(*fd), resolver);
}

void Beneath::note(int error) const {
  if (is_shortage(error)) *shortage_ = error;
}

Opened Beneath::open_at(std::string_view path, int flags, Links links) const {
  Opened opened = resolve(path, flags, links);
  // A file that somebody has a lease on would have to be waited for.
  const bool is_leased = !opened && opened.error() == EAGAIN && (flags & O_NONBLOCK) != 0;
  if (!opened && !is_leased) note(opened.error());
  return opened;
}

Opened Beneath::resolve(std::string_view path, int flags, Links links) const {
  if (resolver_ == Resolver::kSteps) return StepResolver(fd(), path, links).run(flags);
  if (links == Links::kRefuse) return open_in_stretches(fd(), path, flags);
  return open_stretch(fd(), std::string(path), flags, links);
}

std::optional<std::string> Beneath::path_of(int fd) const {
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const std::optional<std::string> path = read_link(AT_FDCWD, link.c_str());
  if (!path) return std::nullopt;
  if (*path == root_) return "";
  const std::string prefix = root_ == "/" ? root_ : root_ + "/";
  if (!path->starts_with(prefix)) return std::nullopt;
  return path->substr(prefix.size());
}

}  // namespace sessync::os
