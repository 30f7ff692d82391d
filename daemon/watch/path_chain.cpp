#include "daemon/watch/path_chain.h"

#include <algorithm>
#include <array>
#include <climits>

#include <sys/stat.h>
#include <unistd.h>

namespace sessync::watch {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel

std::string parent_of(const std::string& directory) {
  const std::size_t slash = directory.rfind('/');
  return slash == 0 ? "/" : directory.substr(0, slash);
}

std::string below(const std::string& directory, const std::string& name) {
  return directory == "/" ? "/" + name : directory + "/" + name;
}

class Chain {
 public:
  Chain(std::string_view path, const OnLookup& on_lookup) : rest_(path), on_lookup_(on_lookup) {}

  std::optional<std::string> run() {
    while (!rest_.empty()) {
      const std::string part = next_part();
      if (part.empty() || part == ".") continue;
      if (part == "..") {
        at_ = parent_of(at_);
      } else if (!step(part)) {
        return std::nullopt;
      }
    }
    return at_;
  }

 private:
  std::string next_part() {
    const std::size_t end = std::min(rest_.find('/'), rest_.size());
    std::string part = rest_.substr(0, end);
    rest_.erase(0, end + 1);
    return part;
  }

  bool step(const std::string& name) {
    on_lookup_(at_, name, rest_.empty());
    const std::string next = below(at_, name);
    struct stat status{};
    if (::lstat(next.c_str(), &status) != 0) return false;
    if (S_ISLNK(status.st_mode)) return follow(next);
    at_ = next;
    return rest_.empty() || S_ISDIR(status.st_mode);
  }

  bool follow(const std::string& link) {
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
    if (length <= 0 || ++followed_ > kMaxLinks) return false;
    const std::string_view text(target.data(), static_cast<std::size_t>(length));
    if (text.starts_with('/')) at_ = "/";
    rest_ = std::string(text) + (rest_.empty() ? "" : "/" + rest_);
    return true;
  }

  std::string rest_;
  const OnLookup& on_lookup_;
  std::string at_ = "/";
  int followed_ = 0;
};

}  // namespace

std::optional<std::string> resolve_chain(std::string_view path, const OnLookup& on_lookup) {
  return Chain(path, on_lookup).run();
}

}  // namespace sessync::watch
