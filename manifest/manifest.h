#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "manifest/spec.h"

namespace sessync::manifest {

/// Bytes above which a manifest file is refused unread.
inline constexpr std::size_t kMaxManifestBytes = 4U << 20U;

/// The bytes of one manifest file, read by the caller.
struct ManifestText {
  std::string path;  ///< as it is shown in problems
  std::string text;
  std::string read_error;  ///< why it could not be read; then `text` does not count
  friend bool operator==(const ManifestText&, const ManifestText&) = default;
};

/// Why a session in force is not what its file says now.
struct Older {
  Problem why;
  bool outputs_only = false;  ///< all else of it is new; false: it is its last good version
};

/// One file of a manifest set.
struct ManifestFile {
  std::string path;
  std::string owner;
  std::vector<SessionSpec> sessions;
  std::vector<Problem> problems;         ///< sorted by position; warnings too
  std::map<std::string, Older> older{};  ///< by name of a session in force

  [[nodiscard]] bool valid() const;  ///< no problem is an error
};

/// What only one session of a set can have.
enum class ClaimKind { kName, kSessionId, kDestination };

/// That a session of `file` has it. No other file gets it before that one lets go.
struct Holding {
  ClaimKind kind = ClaimKind::kName;
  std::string value;  ///< as it is compared: an id as `sesn_...`
  std::string file;   ///< its name, without the directory: a set may be moved
  friend auto operator<=>(const Holding&, const Holding&) = default;
};

/// A file that tokens of a manifest file come from. Nothing keeps others from naming it too.
struct NamedSecret {
  std::string name;           ///< as in TokenFile
  std::string file;           ///< the manifest file's name, without the directory
  std::string confined_to{};  ///< as in TokenFile; of what is judged
  friend auto operator<=>(const NamedSecret&, const NamedSecret&) = default;
};

/// What has to be known of a manifest file that cannot be read any more. Kept over restarts. Claims
/// decide where files disagree, whatever they are called: what was in force before.
struct Holdings {
  std::string owner;                   ///< "": none has been in force
  std::vector<Holding> claims;         ///< sorted, each kind and value once
  std::vector<NamedSecret> secrets{};  ///< sorted, each once
  std::vector<Holding> refused{};      ///< what files claim that is another's; sorted, each once
  friend bool operator==(const Holdings&, const Holdings&) = default;
};

/// What is in force: each good file, and the last good version of each bad one.
struct Manifest {
  std::string owner;  ///< "": the files disagree, and none has been in force; so no session is
  /// Sorted by path; sessions in force, problems of the newest text.
  std::vector<ManifestFile> files;
  std::vector<Holding> held;  ///< see Holdings; also what a bad file had
  /// What the files name as secrets, or named before they were bad. Sorted, each once.
  std::vector<NamedSecret> secrets{};
  std::vector<Holding> refused{};  ///< see Holdings

  [[nodiscard]] bool valid() const;  ///< every file is valid
  [[nodiscard]] std::vector<Problem> problems() const;
  [[nodiscard]] std::vector<SessionSpec> sessions() const;
  [[nodiscard]] Holdings holdings() const { return {owner, held, secrets, refused}; }
};

}  // namespace sessync::manifest
