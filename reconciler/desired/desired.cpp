#include "reconciler/desired/desired.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "reconciler/desired/suspected.h"

namespace sessync::desired {
namespace {

std::string join_source(const std::string& source, const std::string& path) {
  if (source.empty() || path.empty()) {
    return source + path;
  }
  return source + "/" + path;
}

/// Gathers the entries of one session; finish() compares them with each other.
class Resolver {
 public:
  Resolver(const manifest::SessionSpec& spec, const ports::WorkspaceSnapshot& snapshot)
      : root_(snapshot.root),
        max_file_size_(spec.max_file_size),
        max_files_(spec.max_files),
        secrets_(spec.secrets),
        permission_(spec.permission) {}

  /// An entry that the operator's policy does not allow.
  void deny(const manifest::ResourceSpec& entry, const std::string& reason) {
    std::visit([&](const auto& what) { deny(what, reason); }, entry.what);
  }

  void add(const manifest::FileResource& entry, const ports::SourceSnapshot& source) {
    if (const auto* lost = std::get_if<ports::SourceUnavailable>(&source)) {
      return protect(entry.mount_path, lost->message, true);
    }
    add_files(std::get<ports::SourceFiles>(source), entry);
  }

  void add(const manifest::DirectoryResource& entry, const ports::SourceSnapshot& source) {
    if (const auto* lost = std::get_if<ports::SourceUnavailable>(&source)) {
      return protect(entry.mount_path, lost->message, true);
    }
    const auto& files = std::get<ports::SourceFiles>(source);
    if (files.too_many > 0) {
      return add_uncollected(files, entry);
    }
    state_.denied.allow(manifest::MountPath::of_file(entry.mount_path));
    add_files(files, entry);
    for (const auto& directory : files.unreadable_directories) {
      protect(manifest::join_mount_text(entry.mount_path, directory),
              "directory " + join_source(entry.source, directory) + " cannot be read", true);
    }
    if (files.files.empty() && files.issues.empty()) {
      protect(entry.mount_path, "source " + entry.source + "/ matches no file", false);
    }
  }

  void add(const manifest::UploadedFileResource& entry, const ports::SourceSnapshot& /*none*/) {
    claim(entry.mount_path, UploadedContent{entry.file_id});
  }

  void add(const manifest::ArchiveResource& entry, const ports::SourceSnapshot& source) {
    if (const auto* lost = std::get_if<ports::SourceUnavailable>(&source)) {
      return protect(entry.mount_path, lost->message, true);
    }
    const auto& found = std::get<ports::SourceFiles>(source);
    note_warnings(found);
    // Its members are no mounts of their own: of them none can stay.
    for (const auto& what : found.left_out) {
      state_.left_out.add({what.path, what.is_directory, ports::LeftOut::Rule::kUsual},
                          join_source(entry.source, what.path), entry.mount_path);
    }
    if (const auto* member = first_unread(found)) {
      return add_issue(*member, entry.mount_path, 0);
    }
    if (const auto fault = archive_fault(found)) {
      return block(BlockedType::kFile, manifest::MountPath::of_file(entry.mount_path), fault->first,
                   fault->second + "; the archive is not packed without it, what is mounted stays");
    }
    if (found.files.empty()) {
      return protect(entry.mount_path, "source " + entry.source + "/ matches no file", false);
    }
    if (withhold_archive(entry, found)) {
      return;
    }
    claim(entry.mount_path, ports::ContentRef{root_, entry.source, found.archive_sha256.value(), 0,
                                              std::make_shared<ports::ArchiveContent>(
                                                  ports::ArchiveContent{entry.format, found.files}),
                                              max_file_size_});
  }

  void add(const manifest::RepositoryResource& entry, const ports::SourceSnapshot& /*none*/) {
    const auto path = manifest::MountPath::literal(entry.mount_path);
    repositories_.insert(path);
    state_.repositories.push_back({path, entry});
  }

  void add(const manifest::MemoryStoreResource& entry, const ports::SourceSnapshot& /*none*/) {
    state_.memory_stores.push_back(entry);
  }

  void block(BlockedType type, const manifest::MountPath& path, BlockCode code,
             std::string reason) {
    state_.blocked.push_back({type, path, code, std::move(reason)});
    state_.kept.insert(path);
  }

  DesiredState finish() {
    if (const auto excess = over_cap()) {
      return refuse_files(*excess);
    }
    collide();
    for (auto& [path, files] : claims_) {
      if (!state_.kept.contains(path)) {
        state_.files.emplace(path, std::move(files.front()));
      }
    }
    return std::move(state_);
  }

 private:
  void deny(const manifest::RepositoryResource& entry, const std::string& reason) {
    const auto path = manifest::MountPath::literal(entry.mount_path);
    repositories_.insert(path);
    block(BlockedType::kRepository, path, BlockCode::kNotAllowed, reason);
  }

  void deny(const manifest::MemoryStoreResource& /*entry*/, const std::string& reason) {
    block(BlockedType::kMemoryStore, manifest::MountPath(), BlockCode::kNotAllowed, reason);
  }

  template <class File>
  void deny(const File& entry, const std::string& reason) {
    const auto path = manifest::MountPath::of_file(entry.mount_path);
    block(BlockedType::kFile, path, BlockCode::kNotAllowed, reason);
    state_.denied.deny(path);
  }

  /// Why the files are more than the operator's policy allows; nothing: they are not.
  [[nodiscard]] std::optional<std::string> over_cap() const {
    std::uint64_t files = state_.unread.size() + state_.uncollected;
    std::uint64_t bytes = 0;
    for (const auto& unread : state_.unread) {
      bytes += unread.size;
    }
    for (const auto& [path, claims] : claims_) {
      files += claims.size();
      for (const auto& claim : claims) {
        bytes += size_of(claim);
      }
    }
    const auto over = [](const std::optional<manifest::Cap>& cap, std::uint64_t count) {
      return cap && count > cap->most;
    };
    if (over(permission_.files, files)) {
      return describe_excess(files, "files", *permission_.files);
    }
    return over(permission_.bytes, bytes)
               ? std::optional(describe_excess(bytes, "bytes", *permission_.bytes))
               : std::nullopt;
  }

  static std::uint64_t size_of(const DesiredFile& file) {
    const auto* ref = file.local();
    if (ref == nullptr) {
      return 0;  // somebody else uploaded it
    }
    std::uint64_t bytes = ref->size;
    if (ref->archive != nullptr) {
      for (const auto& member : ref->archive->members) {
        bytes += member.size;
      }
    }
    return bytes;
  }

  static std::string describe_excess(std::uint64_t count, const char* what,
                                     const manifest::Cap& cap) {
    return std::to_string(count) + " " + what + " are declared, and " + cap.rule + " allows " +
           std::to_string(cap.most) +
           " in a session; no file of it is added, replaced or deleted until there are fewer";
  }

  DesiredState refuse_files(const std::string& reason) {
    state_.unread.clear();
    block(BlockedType::kSession, manifest::MountPath(), BlockCode::kNotAllowed, reason);
    state_.denied.deny_all();
    return std::move(state_);
  }

  template <class Entry>
  void add_files(const ports::SourceFiles& found, const Entry& entry) {
    const std::string& source = entry.source;
    const std::string& mount = entry.mount_path;
    const SecretRules rules(entry, secrets_);
    for (const auto& file : found.files) {
      const auto text = file.path.empty() ? mount : manifest::join_mount_text(mount, file.path);
      const auto path = join_source(source, file.path);
      if (!withhold(file, path, text, rules)) {
        claim(text, ports::ContentRef{root_, path, file.sha256, file.size});
      }
    }
    for (const auto& issue : found.issues) {
      add_issue(issue, issue.path.empty() ? mount : manifest::join_mount_text(mount, issue.path),
                issue.size);
    }
    for (const auto& what : found.left_out) {
      state_.left_out.add(what, join_source(source, what.path),
                          what.path.empty() ? mount : manifest::join_mount_text(mount, what.path));
    }
    if (found.left_out_is_cut) {
      state_.kept_trees.push_back(manifest::MountPath::of_file(mount));
    }
    note_warnings(found);
  }

  void add_uncollected(const ports::SourceFiles& found, const manifest::DirectoryResource& entry) {
    const auto path = manifest::MountPath::of_file(entry.mount_path);
    block(BlockedType::kFile, path, BlockCode::kQuota,
          "its source " + (entry.source.empty() ? "." : entry.source) + "/ selects " +
              std::to_string(found.too_many) + " files, but max_files is " +
              std::to_string(max_files_) +
              "; they are not looked at one by one, and what is mounted from it stays as it is: "
              "declare fewer files, or raise max_files if the account allows more");
    state_.kept_trees.push_back(path);
    state_.uncollected += found.too_many;
    note_warnings(found);
  }

  /// True if it seems to hold a secret, and is blocked for that.
  bool withhold(const ports::ScannedFile& file, const std::string& path, const std::string& mount,
                const SecretRules& rules) {
    if (!file.secret) {
      return false;
    }
    const SuspectedFile suspected{path, *file.secret};
    const auto policy = rules.policy_for(path);
    if (policy == manifest::SecretsPolicy::kWarn) {
      state_.warnings.push_back(describe_warned(suspected));
    }
    if (policy == manifest::SecretsPolicy::kBlock) {
      withhold(file.sha256, mount, describe_blocked(suspected));
    }
    return policy == manifest::SecretsPolicy::kBlock;
  }

  /// An archive has all of its members or is not made.
  bool withhold_archive(const manifest::ArchiveResource& entry, const ports::SourceFiles& found) {
    const SecretRules rules(entry, secrets_);
    std::vector<SuspectedFile> blocked;
    std::vector<SuspectedFile> warned;
    for (const auto& file : found.files) {
      const auto path = join_source(entry.source, file.path);
      const auto policy = file.secret ? rules.policy_for(path) : manifest::SecretsPolicy::kAllow;
      if (policy != manifest::SecretsPolicy::kAllow) {
        (policy == manifest::SecretsPolicy::kBlock ? blocked : warned)
            .push_back({path, *file.secret});
      }
    }
    if (!warned.empty()) {
      state_.warnings.push_back(describe_warned_archive(warned));
    }
    if (!blocked.empty()) {
      withhold(found.archive_sha256.value(), entry.mount_path, describe_blocked_archive(blocked));
    }
    return !blocked.empty();
  }

  void withhold(const std::string& sha256, const std::string& mount, std::string reason) {
    const auto path = manifest::MountPath::of_file(mount);
    block(BlockedType::kFile, path, BlockCode::kSecretSuspected, std::move(reason));
    state_.withheld.emplace(sha256, path);
  }

  void add_issue(const ports::ScanIssue& issue, const std::string& mount, std::uint64_t size) {
    const auto path = manifest::MountPath::of_file(mount);
    if (issue.kind == ports::ScanIssue::Kind::kUnread) {
      state_.unread.push_back({path, issue.message, size});
      state_.kept.insert(path);
    } else {
      block(BlockedType::kFile, path, code_of(issue), issue.message);
    }
  }

  static BlockCode code_of(const ports::ScanIssue& issue) {
    switch (issue.kind) {
      case ports::ScanIssue::Kind::kInvalidName:
        return BlockCode::kInvalidName;
      case ports::ScanIssue::Kind::kTooLarge:
        return BlockCode::kTooLarge;
      case ports::ScanIssue::Kind::kSecret:
        return BlockCode::kSecret;
      case ports::ScanIssue::Kind::kLinkOutside:
        return BlockCode::kLinkOutside;
      case ports::ScanIssue::Kind::kNotAllowed:
        return BlockCode::kNotAllowed;
      case ports::ScanIssue::Kind::kUnreadable:
      case ports::ScanIssue::Kind::kUnstable:
      case ports::ScanIssue::Kind::kUnread:
        break;
    }
    return BlockCode::kUnstable;
  }

  void note_warnings(const ports::SourceFiles& found) {
    state_.warnings.insert(state_.warnings.end(), found.warnings.begin(), found.warnings.end());
  }

  /// Nothing if something else keeps the archive from being packed anyway.
  static const ports::ScanIssue* first_unread(const ports::SourceFiles& found) {
    const bool is_unread = !found.issues.empty() && found.unreadable_directories.empty() &&
                           std::ranges::all_of(found.issues, [](const ports::ScanIssue& issue) {
                             return issue.kind == ports::ScanIssue::Kind::kUnread;
                           });
    return is_unread ? &found.issues.front() : nullptr;
  }

  using ArchiveFault = std::pair<BlockCode, std::string>;
  /// A member that cannot be packed: an archive has all of its members or is not made.
  static std::optional<ArchiveFault> archive_fault(const ports::SourceFiles& found) {
    if (!found.issues.empty()) {
      const auto& issue = found.issues.front();
      return ArchiveFault{code_of(issue), issue.message};
    }
    if (!found.unreadable_directories.empty()) {
      return ArchiveFault{BlockCode::kUnstable, "directory " +
                                                    found.unreadable_directories.front() +
                                                    " of the archive's source cannot be read"};
    }
    return std::nullopt;
  }

  void claim(const std::string& mount, std::variant<ports::ContentRef, UploadedContent> content) {
    const auto path = manifest::MountPath::of_file(mount);
    if (const auto problem = manifest::mount_path_problem(mount, false)) {
      return block(BlockedType::kFile, path, BlockCode::kInvalidName,
                   "its mount path cannot be used: " + *problem + "; rename the file");
    }
    claims_[path].push_back({path, manifest::clean_mount_text(mount), std::move(content)});
  }

  void protect(const std::string& mount, std::string reason, bool missing) {
    state_.protected_trees.push_back(
        {manifest::MountPath::of_file(mount), std::move(reason), missing});
  }

  void meet_ancestors(const manifest::MountPath& path,
                      std::map<manifest::MountPath, std::string>& met) const {
    for_each_ancestor(path, [&](const manifest::MountPath& above) {
      if (claims_.contains(above) || repositories_.contains(above)) {
        met[path] = above.text();
        met.try_emplace(above, path.text());
      }
    });
  }

  void meet_repositories(const manifest::MountPath& path,
                         std::map<manifest::MountPath, std::string>& met) const {
    for (const auto& repository : repositories_) {
      if (path == repository || path.is_above(repository)) {
        met[path] = repository.text();
      }
    }
  }

  /// Blocks every claim that meets another claim or a repository on, above or below its path.
  void collide() {
    std::map<manifest::MountPath, std::string> met;
    for (const auto& [path, files] : claims_) {
      if (files.size() > 1) {
        met[path] = path.text();
      }
      meet_ancestors(path, met);
      meet_repositories(path, met);
    }
    for (const auto& [path, other] : met) {
      if (claims_.contains(path)) {
        block(BlockedType::kFile, path, BlockCode::kPathCollision,
              "two declared entries meet here (with " + other +
                  "); nothing is changed at this path until one of them is renamed, excluded or "
                  "mounted elsewhere");
      }
    }
  }

  template <class Visit>
  static void for_each_ancestor(const manifest::MountPath& path, const Visit& visit) {
    const std::string& text = path.text();
    for (auto slash = text.rfind('/'); slash != std::string::npos && slash > 0;
         slash = text.rfind('/', slash - 1)) {
      visit(manifest::MountPath::literal(text.substr(0, slash)));
    }
  }

  std::string root_;
  std::uint64_t max_file_size_;
  std::uint64_t max_files_;
  manifest::SecretsPolicy secrets_;
  const manifest::Permission& permission_;
  DesiredState state_;
  std::map<manifest::MountPath, std::vector<DesiredFile>> claims_;
  std::set<manifest::MountPath> repositories_;
};

/// Why an entry is not allowed; null: it is.
const std::string* denial_of(const manifest::ResourceSpec& resource,
                             const ports::SourceSnapshot& source) {
  if (resource.denied) {
    return &resource.denied->reason;
  }
  const auto* lost = std::get_if<ports::SourceUnavailable>(&source);
  return lost != nullptr && lost->not_allowed ? &lost->message : nullptr;
}

}  // namespace

const std::string& DesiredFile::content_key() const {
  if (const auto* ref = local()) {
    return ref->sha256;
  }
  return std::get<UploadedContent>(content).file_id;
}

bool DesiredState::may_declare(const manifest::MountPath& path) const {
  return kept.contains(path) || denied.may_declare(path) ||
         std::ranges::any_of(kept_trees, [&](const manifest::MountPath& tree) {
           return tree == path || tree.is_above(path);
         });
}

bool DesiredState::keeps(const manifest::MountPath& path) const {
  return may_declare(path) || denied.keeps(path);
}

DesiredState resolve(const manifest::SessionSpec& spec, const ports::WorkspaceSnapshot& snapshot) {
  Resolver resolver(spec, snapshot);
  for (std::size_t i = 0; i < spec.resources.size(); ++i) {
    const auto& resource = spec.resources[i];
    const auto& source = snapshot.sources.at(i);
    const auto add = [&](const auto& entry) { resolver.add(entry, source); };
    if (const auto* reason = denial_of(resource, source)) {
      resolver.deny(resource, *reason);
    } else {
      std::visit(add, resource.what);
    }
  }
  return resolver.finish();
}

}  // namespace sessync::desired
