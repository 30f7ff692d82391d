#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "reconciler/ports/suspected_secret.h"

namespace sessync::ports {

/// One file that an entry of the manifest selects, as it was at one instant: digest and size belong
/// together, whatever is written to it meanwhile.
struct ScannedFile {
  std::string path;    ///< below the entry's source; raw bytes; "" for a single-file source
  std::string sha256;  ///< 64 lower-case hex digits
  std::uint64_t size = 0;
  bool executable = false;                  ///< by its owner; only archives keep it
  std::optional<SuspectedSecret> secret{};  ///< belongs to the content, too
  friend bool operator==(const ScannedFile&, const ScannedFile&) = default;
};

/// A file that would be mirrored but cannot be now. What is mounted at its path stays.
struct ScanIssue {
  enum class Kind {
    kInvalidName,
    kUnreadable,
    kUnstable,
    kTooLarge,
    kUnread,       ///< it is large and still being read: nothing is wrong with it
    kSecret,       ///< it leads to what is left out (see LeftOut)
    kLinkOutside,  ///< the source is a link out of the directory in which it stands
    kNotAllowed,   ///< it leads out of the directory that its entry is confined to
  };
  std::string path;  ///< below the entry's source; raw bytes
  Kind kind = Kind::kUnreadable;
  std::string message;     ///< for operators: what happened to which path, and what to do
  std::uint64_t size = 0;  ///< of what is kUnread
  friend bool operator==(const ScanIssue&, const ScanIssue&) = default;
};

/// A file, or a directory with all that is below it, that an entry selects and that is not mirrored
/// all the same, because nobody asked for it by name.
struct LeftOut {
  enum class Rule {
    kUsual,      ///< one that every version had: nothing was ever mounted from there
    kLately,     ///< one that earlier versions did not have: what they mounted stays
    kOwnSecret,  ///< sessync itself reads it as a secret: as kLately, and nothing lets it through
    /// A link out of its source, and one to a file of its source that the entry's patterns or an
    /// ignore file keep out: as kLately.
    kLinkOutside,
    kLinkExcluded,
  };
  std::string path;  ///< below the entry's source; raw bytes; "" for the source itself
  bool is_directory = false;
  Rule rule = Rule::kUsual;
  /// The name that the rule is about; "": its own; of a link: in its target, and of the link rules
  /// all of that, in the workspace.
  std::string name{};
  friend bool operator==(const LeftOut&, const LeftOut&) = default;
};

/// The source could be read. `unreadable` directories (below the source) protect what is mounted
/// below them; `warnings` name what was skipped and why.
struct SourceFiles {
  /// How many files it selects, if those are more than a scan collects: then `files` and `issues`
  /// are empty, and what is mounted from there stays.
  std::uint64_t too_many = 0;
  std::vector<ScannedFile> files;  ///< sorted by path
  std::vector<ScanIssue> issues;   ///< sorted by path
  std::vector<std::string> unreadable_directories;
  std::vector<LeftOut> left_out;  ///< each once
  bool left_out_is_cut = false;   ///< there is more: what is mounted from the source stays
  std::vector<std::string> warnings;
  std::optional<std::string> archive_sha256;  ///< of an archive's member list; no other has one
};

/// The source is not there or cannot be read: nothing below its mount path may be deleted.
struct SourceUnavailable {
  std::string message;       ///< what it is, and what to do
  bool not_allowed = false;  ///< it was not looked at, because of the operator's policy
};

using SourceSnapshot = std::variant<SourceFiles, SourceUnavailable>;

/// The workspace as one pass sees it: one snapshot per resource of the session, in the manifest's
/// order. Entries that read no workspace have an empty SourceFiles.
struct WorkspaceSnapshot {
  std::string root;  ///< resolved, absolute
  std::vector<SourceSnapshot> sources;
  /// What the machine had too little of for this to be worth anything ("Too many open files").
  std::optional<std::string> shortage{};
};

}  // namespace sessync::ports
