#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace sessync::test {

/// A directory of real files, removed at the end.
class TempTree {
 public:
  TempTree();
  ~TempTree();
  TempTree(const TempTree&) = delete;
  TempTree& operator=(const TempTree&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string at(std::string_view relative) const;

  /// Each makes the directories above, too.
  void write(std::string_view relative, std::string_view bytes) const;
  void append(std::string_view relative, std::string_view bytes) const;
  void directory(std::string_view relative) const;
  void link(std::string_view relative, const std::string& target) const;

  void remove(std::string_view relative) const;
  void rename(std::string_view from, std::string_view to) const;

  /// Sets mtime to `seconds` ago; ctime is now.
  void age(std::string_view relative, int seconds) const;

 private:
  void make_parent(std::string_view relative) const;
  std::string path_;
};

}  // namespace sessync::test
