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
inline constexpr std::size_t kMaxIgnoreFileBytes = 1U << 20U;

/// Reads ignore files and keeps what it parsed while they do not change, and are asked for:
/// a workspace behind a link that is swapped has others with each swap. Thread-safe.
class IgnoreFiles {
 public:
  /// The patterns of the ignore file `name` in `directory` (below the root, "" is the root); none
  /// if there is no such file. An error, worded for the user, if there is one that cannot be read:
  /// then nothing in that directory may be taken, because what must not leave is not known.
  tl::expected<manifest::Patterns, std::string> load(const os::Beneath& root,
                                                     const std::string& directory,
                                                     std::string_view name = kIgnoreFileName);

 private:
  struct Parsed {
    FileStamp stamp;
    manifest::Patterns patterns;
    bool trusted = false;
    std::chrono::steady_clock::time_point used;
  };
  void forget_unused();
  tl::expected<manifest::Patterns, std::string> parse(const os::Beneath& root,
                                                      const std::string& path,
                                                      const FileStamp& stamp);
  std::mutex mutex_;
  std::map<std::string, Parsed> parsed_;
  std::chrono::steady_clock::time_point looked_through_;
};

/// The ignore files on the way from the workspace to one directory.
class IgnoreStack {
 public:
  /// `directory` is below the workspace, and below all those pushed before.
  /// Of the two lists of one directory `patterns` have the last word.
  void push(std::string_view directory, manifest::Patterns patterns,
            std::optional<manifest::Patterns> git = std::nullopt);
  void pop() { levels_.pop_back(); }

  /// As git decides: the deepest file with a verdict on `path` (below the workspace) has the last
  /// word; ancestors of `path` are not looked at.
  [[nodiscard]] bool ignores(std::string_view path, bool is_directory) const;

 private:
  struct Level {
    std::size_t prefix;  ///< length of what is cut from a path
    manifest::Patterns patterns;
    std::optional<manifest::Patterns> git;
    [[nodiscard]] manifest::Patterns::Verdict verdict(std::string_view path,
                                                      bool is_directory) const;
  };
  std::vector<Level> levels_;
};

}  // namespace sessync::workspace
