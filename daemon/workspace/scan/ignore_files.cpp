#include "daemon/workspace/scan/ignore_files.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

#include "daemon/os/path_text.h"
#include "daemon/workspace/read/stable_read.h"
#include "manifest/text/utf8.h"

namespace sessync::workspace {
namespace {

constexpr std::chrono::hours kKept{24};
constexpr std::chrono::minutes kLookThrough{10};

std::string cannot_be_read(const std::string& path, const std::string& why) {
  return manifest::printable(path) + " cannot be read (" + why +
         "): nothing in its directory is mirrored, and nothing mounted from there is removed, "
         "until it can be read or is gone";
}

struct Text {
  std::string bytes;
  StableRead read;
};

tl::expected<Text, std::string> read_text(const os::Beneath& root, const std::string& path) {
  Text text;
  const ByteSink sink{.restart = [&] { text.bytes.clear(); },
                      .bytes =
                          [&](std::span<const char> part) {
                            const bool fits = text.bytes.size() <= kMaxIgnoreFileBytes;
                            if (fits) text.bytes.append(part.data(), part.size());
                          },
                      .finished = {}};
  Patience patience({.settle = std::chrono::milliseconds{0}}, std::chrono::milliseconds{300});
  ReadCounters counters;
  const auto read = read_stable(root, path, {patience, counters, false}, sink);
  if (!read) {
    const bool unreadable = read.error().kind == StableReadError::Kind::kUnreadable;
    return tl::unexpected(unreadable ? os::error_text(read.error().error) : "it keeps changing");
  }
  text.read = *read;
  return text;
}

}  // namespace

tl::expected<manifest::Patterns, std::string> IgnoreFiles::load(const os::Beneath& root,
                                                                const std::string& directory,
                                                                std::string_view name) {
  const std::string path = os::join_path(directory, name);
  const auto look = root.open_at(path, O_PATH, os::Beneath::Links::kFollow);
  if (!look) {
    // A link into nothing may be about to get its target: the other kinds of absence are absence.
    const auto link = root.open_at(path, O_PATH | O_NOFOLLOW, os::Beneath::Links::kFollow);
    if (!link && (link.error() == ENOENT || link.error() == ENOTDIR)) return manifest::Patterns();
    return tl::unexpected(cannot_be_read(path, os::error_text(look.error())));
  }
  struct stat status{};
  if (::fstat(look->get(), &status) != 0) {
    return tl::unexpected(cannot_be_read(path, os::error_text(errno)));
  }
  if (!S_ISREG(status.st_mode)) {
    return tl::unexpected(cannot_be_read(path, "it is no regular file"));
  }
  if (static_cast<std::size_t>(status.st_size) > kMaxIgnoreFileBytes) {
    return tl::unexpected(cannot_be_read(path, "it is larger than 1 MiB"));
  }
  return parse(root, root.path_of(look->get()).value_or(path), FileStamp::of(status));
}

tl::expected<manifest::Patterns, std::string> IgnoreFiles::parse(const os::Beneath& root,
                                                                 const std::string& path,
                                                                 const FileStamp& stamp) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = parsed_.find(path);
    const bool usable = known != parsed_.end() && known->second.trusted;
    if (usable && known->second.stamp == stamp) {
      known->second.used = std::chrono::steady_clock::now();
      return known->second.patterns;
    }
  }
  const auto text = read_text(root, path);
  if (!text) return tl::unexpected(cannot_be_read(path, text.error()));
  const StableRead& read = text->read;
  manifest::Patterns patterns = manifest::Patterns::parse_file(text->bytes);
  const std::lock_guard lock(mutex_);
  parsed_[path] = {.stamp = read.stamp,
                   .patterns = patterns,
                   .trusted = !is_racy(read.stamp, read.observed_ns),
                   .used = std::chrono::steady_clock::now()};
  forget_unused();
  return patterns;
}

/// Only what is parsed anew makes it grow.
void IgnoreFiles::forget_unused() {
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_through_ < kLookThrough) return;
  looked_through_ = now;
  std::erase_if(parsed_, [now](const auto& entry) { return now - entry.second.used > kKept; });
}

void IgnoreStack::push(std::string_view directory, manifest::Patterns patterns,
                       std::optional<manifest::Patterns> git) {
  levels_.push_back({.prefix = directory.empty() ? 0 : directory.size() + 1,
                     .patterns = std::move(patterns),
                     .git = std::move(git)});
}

manifest::Patterns::Verdict IgnoreStack::Level::verdict(std::string_view path,
                                                        bool is_directory) const {
  const std::string_view below = path.substr(prefix);
  const auto own = patterns.verdict(below, is_directory);
  if (own != manifest::Patterns::Verdict::kNone || !git) return own;
  return git->verdict(below, is_directory);
}

bool IgnoreStack::ignores(std::string_view path, bool is_directory) const {
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    const auto verdict = level->verdict(path, is_directory);
    if (verdict != manifest::Patterns::Verdict::kNone)
      return verdict == manifest::Patterns::Verdict::kMatched;
  }
  return false;
}

}  // namespace sessync::workspace
