#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "daemon/os/beneath.h"
#include "daemon/workspace/read/file_stamp.h"
#include "manifest/pattern/pattern.h"

namespace sessync::workspace {

inline constexpr std::string_view kIgnoreFileName = ".sessyncignore";
/// Counts only where the manifest says so.
inline constexpr std::string_view kGitIgnoreFileName = ".gitignore";
inline constexpr std::size_t kMaxIgnoreFileBytes = std::size_t{64} << 10U;
/// Of all that count in one directory: those on the way to it.
inline constexpr std::size_t kMaxIgnoreBytesInForce = std::size_t{512} << 10U;

/// The patterns of an ignore file, and how long it is.
struct IgnoreText {
  manifest::Patterns patterns;
  std::size_t bytes = 0;
};

/// Reads ignore files and keeps what it parsed, up to some megabytes, while they do not change, and
/// are asked for: a workspace behind a link that is swapped has others with each swap. Thread-safe.
class IgnoreFiles {
 public:
  /// The patterns of the ignore file `name` in `directory` (below the root, "" is the root); none
  /// if there is no such file. An error, worded for the user, if there is one that cannot be read:
  /// then nothing in that directory may be taken, because what must not leave is not known. What
  /// is parsed anew is taken from `budget`.
  tl::expected<IgnoreText, std::string> load(const os::Beneath& root, const std::string& directory,
                                             manifest::MatchBudget& budget,
                                             std::string_view name = kIgnoreFileName);

 private:
  struct Parsed {
    FileStamp stamp;
    IgnoreText text;
    bool trusted = false;
    std::chrono::steady_clock::time_point used;
  };
  void forget_unused();
  void keep(const std::string& path, Parsed parsed);
  tl::expected<IgnoreText, std::string> parse(const os::Beneath& root, const std::string& path,
                                              const FileStamp& stamp,
                                              manifest::MatchBudget& budget);
  std::mutex mutex_;
  std::map<std::string, Parsed> parsed_;
  std::size_t bytes_ = 0;  ///< of the texts that are kept
  std::chrono::steady_clock::time_point looked_through_;
};

/// The ignore files on the way from the workspace to one directory.
class IgnoreStack {
 public:
  /// Every question is taken from `budget`, which outlives it.
  explicit IgnoreStack(manifest::MatchBudget& budget) : budget_(&budget) {}

  /// `directory` is below the workspace, and below all those pushed before.
  /// Of the two lists of one directory `own` has the last word.
  void push(std::string_view directory, IgnoreText own,
            std::optional<IgnoreText> git = std::nullopt);
  void pop();
  /// Of all that was pushed.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  /// As git decides: the deepest file with a verdict on `path` (below the workspace) has the last
  /// word; ancestors of `path` are not looked at.
  [[nodiscard]] bool ignores(std::string_view path, bool is_directory) const;

 private:
  struct Level {
    std::size_t prefix;  ///< length of what is cut from a path
    manifest::Patterns patterns;
    std::optional<manifest::Patterns> git;
    std::size_t bytes;
    [[nodiscard]] manifest::Patterns::Verdict verdict(std::string_view path, bool is_directory,
                                                      manifest::MatchBudget* budget) const;
  };
  manifest::MatchBudget* budget_;
  std::vector<Level> levels_;
  std::size_t bytes_ = 0;
};

}  // namespace sessync::workspace
