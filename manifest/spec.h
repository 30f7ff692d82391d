#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "manifest/pattern/pattern.h"

/// What the user declares, after parsing and validation: names, defaults filled in, nothing
/// resolved against a workspace or a session.
namespace sessync::manifest {

/// A position in a manifest file; line and column count from 1, 0 means "the whole file".
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
};

/// A fault found in a manifest. `code` is a stable snake_case word; `message` is for people.
struct Problem {
  enum class Severity { kError, kWarning };
  Location at;
  Severity severity = Severity::kError;
  std::string code;
  std::string message;
};

/// Where symlinks of a source may lead: into the source itself (of a file: into the directory in
/// which it stands), or anywhere in the workspace.
enum class LinkScope { kSource, kWorkspace };

/// What is done about a file that seems to hold a secret: it is not mounted; it is, with a warning;
/// nothing.
enum class SecretsPolicy { kBlock, kWarn, kAllow };

/// One file of the workspace. `source` is lexically cleaned, relative, without "..".
struct FileResource {
  std::string source;
  std::string mount_path;            ///< as it is sent, never empty
  std::vector<std::string> allow{};  ///< names that are not left out by default
  LinkScope links = LinkScope::kSource;
  std::optional<SecretsPolicy> secrets{};  ///< nothing: the session's
};

/// Every matching file below a directory of the workspace, one resource per file.
struct DirectoryResource {
  std::string source;  ///< cleaned, without the trailing slash; "" is the whole workspace
  Patterns include;    ///< empty: everything
  Patterns exclude;
  std::string mount_path;            ///< "/" for the root
  std::vector<std::string> allow{};  ///< names that are not left out by default
  bool gitignore = false;            ///< .gitignore files count as .sessyncignore files do
  LinkScope links = LinkScope::kSource;
  std::optional<SecretsPolicy> secrets{};
};

/// A directory packed into one file.
struct ArchiveResource {
  enum class Format { kTarGz, kZip };
  std::string source;
  Patterns include;
  Patterns exclude;
  Format format = Format::kTarGz;
  std::string mount_path;
  std::vector<std::string> allow{};
  bool gitignore = false;
  LinkScope links = LinkScope::kSource;
  std::optional<SecretsPolicy> secrets{};
};

/// A file that was uploaded by somebody else.
struct UploadedFileResource {
  std::string file_id;
  std::string mount_path;
};

struct BranchCheckout {
  std::string name;
  friend bool operator==(const BranchCheckout&, const BranchCheckout&) = default;
};
struct CommitCheckout {
  std::string sha;
  friend bool operator==(const CommitCheckout&, const CommitCheckout&) = default;
};
using Checkout = std::variant<BranchCheckout, CommitCheckout>;

/// Where a repository's token comes from; never the token itself. Names of files are below the
/// directory for secrets and cleaned; one that cannot be so is as it was written, and never read.
struct TokenFile {
  std::string path;
  std::string confined_to{};  ///< a directory that it must really lie in; "": that for secrets
};
struct TokenEnv {
  std::string variable;
};
struct TokenCommand {
  std::vector<std::string> argv;
};
struct TokenGithubApp {
  std::int64_t app_id = 0;
  std::int64_t installation_id = 0;
  std::string private_key_file;
  std::string confined_to{};  ///< of that file, as above
};
using TokenSpec = std::variant<TokenFile, TokenEnv, TokenCommand, TokenGithubApp>;

/// The file that a token depends on, as in TokenFile; null: none.
inline const std::string* secret_file_of(const TokenSpec& source) {
  if (const auto* const file = std::get_if<TokenFile>(&source)) return &file->path;
  const auto* const app = std::get_if<TokenGithubApp>(&source);
  return app == nullptr ? nullptr : &app->private_key_file;
}

struct RepositoryResource {
  std::string url;  ///< https://github.com/{owner}/{repo}
  std::string mount_path;
  std::optional<Checkout> checkout;
  std::optional<TokenSpec> authorization_token;
  std::optional<std::chrono::seconds> rotate_every;
};

struct MemoryStoreResource {
  std::string memory_store_id;
  std::string access;  ///< read_write | read_only
  std::optional<std::string> instructions;
};

using ResourceVariant = std::variant<FileResource, DirectoryResource, ArchiveResource,
                                     UploadedFileResource, RepositoryResource, MemoryStoreResource>;

/// Why the operator's policy does not let an entry be carried out. What it has mounted stays.
struct Denial {
  std::string reason;      ///< for people; names the rule
  bool of_secret = false;  ///< it names a secret file that is not its own
};

struct ResourceSpec {
  Location at;
  ResourceVariant what;
  std::optional<Denial> denied{};
  /// The directory of the workspace that links must not lead out of; "": the workspace.
  std::string confined_to{};
};

/// A session that we create ourselves.
struct CreateSpec {
  std::string agent_id;
  std::optional<std::int64_t> agent_version;
  std::string environment_id;
  std::optional<std::string> title;
  std::map<std::string, std::string> metadata;
  std::vector<std::string> vault_ids;
};

struct OutputsSpec {
  static constexpr std::uint64_t kUsualTotal = 1'000'000'000;
  static constexpr std::uint64_t kUsualFiles = 10'000;

  std::string destination;
  Patterns include;
  std::uint64_t max_file = 500'000'000;  ///< in bytes
  /// In bytes, and files, of what lies there. Nothing: as usual, unless more of them lie there.
  std::optional<std::uint64_t> max_total{};
  std::optional<std::uint64_t> max_files{};
  std::optional<std::string> denied{};  ///< why the operator's policy lets none be fetched
};

enum class Prune { kOwned, kAll, kNone };
enum class OnConflict { kBlock, kAdopt, kReplace };

/// The mass-deletion guard: a percentage of the owned resources, or an exact count.
struct MaxDeletes {
  bool is_percentage = true;
  std::uint64_t value = 25;
};

/// More than `most` is not allowed, by what `rule` names.
struct Cap {
  std::uint64_t most = 0;
  std::string rule;
};

/// What the operator's policy leaves of what a session asks for; without one, all of it.
struct Permission {
  std::optional<std::string> denied;  ///< why nothing at all is done with the session
  bool policy_missing = false;        ///< then: because there is no policy that counts
  /// Why it does not get what else it asked for, while the rest of it goes on.
  std::vector<std::string> withheld;
  std::optional<Cap> files;  ///< of its declared files
  std::optional<Cap> bytes;
};

struct SessionSpec {
  Location at;
  std::string name;
  std::optional<std::string> session_id;  ///< exactly one of session_id and create
  std::optional<CreateSpec> create;
  Prune prune = Prune::kOwned;
  OnConflict on_conflict = OnConflict::kBlock;
  bool suspend = false;
  bool recreate = false;
  std::chrono::seconds interval{300};
  MaxDeletes max_deletes;
  std::uint64_t max_files = 100;
  std::uint64_t max_file_size = 500'000'000;  ///< in bytes
  SecretsPolicy secrets = SecretsPolicy::kBlock;
  std::vector<ResourceSpec> resources;
  std::optional<OutputsSpec> outputs;
  Permission permission{};
};

}  // namespace sessync::manifest
