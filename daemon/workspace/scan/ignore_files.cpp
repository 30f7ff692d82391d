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
/// Parsed they take a multiple of it.
constexpr std::size_t kMostKeptBytes = std::size_t{2} << 20U;
/// What parsing costs, in steps of matching.
constexpr std::uint64_t kStepsOfAByte = 50;

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

tl::expected<IgnoreText, std::string> IgnoreFiles::load(const os::Beneath& root,
                                                        const std::string& directory,
                                                        manifest::MatchBudget& budget,
                                                        std::string_view name) {
  const std::string path = os::join_path(directory, name);
  const auto look = root.open_at(path, O_PATH, os::Beneath::Links::kFollow);
  if (!look) {
    // A link into nothing may be about to get its target: the other kinds of absence are absence.
    const auto link = root.open_at(path, O_PATH | O_NOFOLLOW, os::Beneath::Links::kFollow);
    if (!link && (link.error() == ENOENT || link.error() == ENOTDIR)) return IgnoreText();
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
    return tl::unexpected(
        cannot_be_read(path, "it is larger than 64 KiB") +
        "; move rules to ignore files of the directories that they are about, or into \"exclude\"");
  }
  return parse(root, root.path_of(look->get()).value_or(path), FileStamp::of(status), budget);
}

tl::expected<IgnoreText, std::string> IgnoreFiles::parse(const os::Beneath& root,
                                                         const std::string& path,
                                                         const FileStamp& stamp,
                                                         manifest::MatchBudget& budget) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = parsed_.find(path);
    const bool usable = known != parsed_.end() && known->second.trusted;
    if (usable && known->second.stamp == stamp) {
      known->second.used = std::chrono::steady_clock::now();
      return known->second.text;
    }
  }
  const auto text = read_text(root, path);
  if (!text) return tl::unexpected(cannot_be_read(path, text.error()));
  const StableRead& read = text->read;
  budget.spend(text->bytes.size() * kStepsOfAByte);
  if (budget.is_over()) return IgnoreText();
  IgnoreText parsed{manifest::Patterns::parse_file(text->bytes), text->bytes.size()};
  keep(path, {.stamp = read.stamp,
              .text = parsed,
              .trusted = !is_racy(read.stamp, read.observed_ns),
              .used = std::chrono::steady_clock::now()});
  return parsed;
}

void IgnoreFiles::keep(const std::string& path, Parsed parsed) {
  const std::lock_guard lock(mutex_);
  if (const auto old = parsed_.find(path); old != parsed_.end()) bytes_ -= old->second.text.bytes;
  bytes_ += parsed.text.bytes;
  parsed_[path] = std::move(parsed);
  if (bytes_ > kMostKeptBytes) {
    parsed_.clear();
    bytes_ = 0;
  }
  forget_unused();
}

/// Only what is parsed anew makes it grow.
void IgnoreFiles::forget_unused() {
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_through_ < kLookThrough) return;
  looked_through_ = now;
  std::erase_if(parsed_, [&](const auto& entry) {
    const bool is_old = now - entry.second.used > kKept;
    if (is_old) bytes_ -= entry.second.text.bytes;
    return is_old;
  });
}

void IgnoreStack::push(std::string_view directory, IgnoreText own, std::optional<IgnoreText> git) {
  Level level{.prefix = directory.empty() ? 0 : directory.size() + 1,
              .patterns = std::move(own.patterns),
              .git = std::nullopt,
              .bytes = own.bytes + (git ? git->bytes : 0)};
  if (git) level.git = std::move(git->patterns);
  bytes_ += level.bytes;
  levels_.push_back(std::move(level));
}

void IgnoreStack::pop() {
  bytes_ -= levels_.back().bytes;
  levels_.pop_back();
}

manifest::Patterns::Verdict IgnoreStack::Level::verdict(std::string_view path, bool is_directory,
                                                        manifest::MatchBudget* budget) const {
  const std::string_view below = path.substr(prefix);
  const auto own = patterns.verdict(below, is_directory, budget);
  if (own != manifest::Patterns::Verdict::kNone || !git) return own;
  return git->verdict(below, is_directory, budget);
}

bool IgnoreStack::ignores(std::string_view path, bool is_directory) const {
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    const auto verdict = level->verdict(path, is_directory, budget_);
    if (verdict != manifest::Patterns::Verdict::kNone)
      return verdict == manifest::Patterns::Verdict::kMatched;
  }
  return false;
}

}  // namespace sessync::workspace
