#include "daemon/workspace/scan/survey.h"

#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>

#include "daemon/os/path_text.h"
#include "daemon/workspace/scan/source_scan.h"

namespace sessync::workspace {
namespace {

/// Surveys one entry after the other.
class Surveyor {
 public:
  Surveyor(const os::Beneath& root, const ManifestPaths& manifests, const OwnSecrets& secrets)
      : root_(root), manifests_(manifests), secrets_(secrets) {}

  /// True if the entry's single file is a secret.
  bool operator()(const manifest::FileResource& entry) {
    const auto found = locate(entry.source, 0);
    return secrets_.covers(entry.source) || (found && is_secret(*found));
  }
  bool operator()(const manifest::DirectoryResource& entry) { return walk(TreeSource(entry)); }
  bool operator()(const manifest::ArchiveResource& entry) { return walk(TreeSource(entry)); }

  /// Entries that read no workspace.
  template <class Other>
  bool operator()(const Other& /*entry*/) {
    return false;
  }

  [[nodiscard]] desired::LeftOutPaths::Count left_out() const { return found_.count(); }

 private:
  [[nodiscard]] std::optional<LinkTarget> locate(const std::string& source, int flags) const {
    const auto fd = root_.open_at(source, O_PATH | flags, os::Beneath::Links::kFollow);
    struct stat status{};
    if (!fd || ::fstat(fd->get(), &status) != 0) return std::nullopt;
    return LinkTarget{.location = root_.path_of(fd->get()).value_or(source),
                      .stamp = FileStamp::of(status)};
  }

  [[nodiscard]] bool is_secret(const LinkTarget& found) const {
    return secrets_.covers(found.location) || secrets_.is(found.stamp.device, found.stamp.inode);
  }

  bool walk(const TreeSource& entry) {
    const auto source = locate(entry.source, O_DIRECTORY);
    if (!source || is_secret(*source)) return false;
    const SourceFilter filter(entry.include, entry.exclude, entry.allow, source->location,
                              &budget_);
    ports::SourceFiles files;
    const WalkRules rules{.filter = filter,
                          .manifests = manifests_,
                          .secrets = secrets_,
                          .ignore_files = ignore_files_,
                          .gitignore = entry.gitignore,
                          .links = entry.links,
                          .budget = budget_};
    TreeWalk tree(root_, rules, source->location);
    if (!tree.run([](const FoundFile&) {}, files)) return false;
    for (const ports::LeftOut& one : files.left_out) {
      found_.add(one, os::join_path(source->location, one.path), one.path);
    }
    return false;
  }

  const os::Beneath& root_;
  const ManifestPaths& manifests_;
  const OwnSecrets& secrets_;
  IgnoreFiles ignore_files_;
  manifest::MatchBudget budget_{kMatchingSteps};
  desired::LeftOutPaths found_;
};

/// What no file needs to be there for.
Survey by_name(const ScanRequest& request, const OwnSecrets& secrets) {
  Survey survey;
  for (std::size_t i = 0; i < request.resources.size(); ++i) {
    const auto* file = std::get_if<manifest::FileResource>(&request.resources[i].what);
    if (file != nullptr && secrets.covers(file->source)) survey.secrets.push_back(i);
  }
  return survey;
}

}  // namespace

Survey survey(const ScanRequest& request) {
  std::error_code error;
  const std::string path = std::filesystem::canonical(request.workspace, error).string();
  const std::string root_path = error ? absolute_path(request.workspace) : path;
  const OwnSecrets secrets(request.secrets ? *request.secrets : SecretPlaces{}, request.workspace,
                           root_path);
  const auto root = os::Beneath::open(root_path);
  if (!root) return by_name(request, secrets);
  const ManifestPaths manifests(request.workspace, root_path, request.manifests);
  Survey survey;
  Surveyor surveyor(*root, manifests, secrets);
  for (std::size_t i = 0; i < request.resources.size(); ++i) {
    if (request.resources[i].denied) continue;
    if (std::visit(surveyor, request.resources[i].what)) survey.secrets.push_back(i);
  }
  survey.left_out = surveyor.left_out();
  return survey;
}

}  // namespace sessync::workspace
