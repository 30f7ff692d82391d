#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace sessync::manifest {

/// A mount path in the one form in which paths are compared.
///
/// The API roots file mounts under /mnt/session/uploads and answers the resolved path (older
/// answers echo the text as sent), so the same mount can be written three ways. The canonical form
/// strips one leading "/mnt/session/uploads/", or else one leading "/uploads/", collapses "//" and
/// "/./", and begins with exactly one "/". It is made once from raw text and never from a canonical
/// text.
class MountPath {
 public:
  MountPath() = default;

  /// The canonical form of `raw`; total: text that no valid path has ("..", relative) is kept as it
  /// is after the leading slash, because the API may hold such a row.
  static MountPath of_file(std::string_view raw);

  /// Repository and memory-store paths are literal: cleaned, never stripped.
  static MountPath literal(std::string_view raw);

  [[nodiscard]] const std::string& text() const { return text_; }

  /// True when `this` is a proper ancestor directory of `other` ("/" is above everything else).
  [[nodiscard]] bool is_above(const MountPath& other) const;

  friend auto operator<=>(const MountPath&, const MountPath&) = default;

 private:
  explicit MountPath(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// `raw` as it is sent to the API: only "//" and "/./" are cleaned.
std::string clean_mount_text(std::string_view raw);

/// Why `raw` cannot be a mount path in a manifest (relative, "..", too long, trailing slash,
/// control characters), or nothing. `may_be_root` allows "/" alone, for directory entries.
std::optional<std::string> mount_path_problem(std::string_view raw, bool may_be_root);

/// The mount path of a file at `relative` below a directory entry mounted at `prefix`: joined as
/// raw text, without a doubled slash.
std::string join_mount_text(std::string_view prefix, std::string_view relative);

}  // namespace sessync::manifest
