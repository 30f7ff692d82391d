#pragma once

#include "daemon/workspace/read/file_digester.h"
#include "daemon/workspace/scan/ignore_files.h"
#include "daemon/workspace/scan/manifest_paths.h"
#include "daemon/workspace/scan/tree_walk.h"
#include "manifest/spec.h"
#include "reconciler/ports/snapshot.h"

namespace sessync::workspace {

/// What the scan of a source works with.
struct ScanTools {
  DigestCache& cache;
  IgnoreFiles& ignore_files;
  ScanCounters& counters;
  FileDigester& digester;
  Patience& patience;
  manifest::MatchBudget& budget;
  std::uint64_t most_files;  ///< of a directory that is mirrored; an archive has no such limit
};

/// What is wrong with a source that is a secret of sessync's own: follows its name.
std::string secret_source_text();

/// What an entry that mirrors a directory and one that packs it have in common.
struct TreeSource {
  const std::string& source;
  const manifest::Patterns& include;
  const manifest::Patterns& exclude;
  const std::vector<std::string>& allow;
  bool gitignore;
  manifest::LinkScope links;

  /// `entry` must outlive it.
  template <class Entry>
  explicit TreeSource(const Entry& entry)
      : source(entry.source),
        include(entry.include),
        exclude(entry.exclude),
        allow(entry.allow),
        gitignore(entry.gitignore),
        links(entry.links) {}
};

/// Scans the sources of one pass, each into one snapshot.
class SourceScan {
 public:
  SourceScan(const os::Beneath& root, const ManifestPaths& manifests, const OwnSecrets& secrets,
             const ScanTools& tools, std::uint64_t max_file_size)
      : root_(root),
        manifests_(manifests),
        secrets_(secrets),
        tools_(tools),
        max_file_size_(max_file_size) {}

  /// Nothing is looked at for an entry that is not allowed.
  ports::SourceSnapshot scan(const manifest::ResourceSpec& resource);

  ports::SourceSnapshot operator()(const manifest::FileResource& entry);
  ports::SourceSnapshot operator()(const manifest::DirectoryResource& entry);
  ports::SourceSnapshot operator()(const manifest::ArchiveResource& entry);

  /// Entries that read no workspace.
  template <class Other>
  ports::SourceSnapshot operator()(const Other& /*entry*/) {
    return ports::SourceFiles{};
  }

 private:
  using Located = tl::expected<LinkTarget, ports::SourceUnavailable>;
  using Tree = tl::expected<ports::SourceFiles, ports::SourceUnavailable>;

  [[nodiscard]] std::optional<ports::SourceFiles> refuse(const std::string& source,
                                                         const LinkTarget& target,
                                                         bool is_directory,
                                                         const SourceFilter& filter,
                                                         manifest::LinkScope links) const;
  Located locate(const std::string& source, bool is_directory);
  tl::expected<bool, int> check_links(const std::string& source, LinkTarget& target) const;
  [[nodiscard]] Located check_place(const std::string& source, LinkTarget target) const;
  Located check_type(const std::string& source, const struct stat& status, bool is_directory);
  static std::optional<TargetExclusion> leads_astray(const std::string& source,
                                                     const std::string& location, bool is_directory,
                                                     const SourceFilter& filter);
  ports::SourceSnapshot file_snapshot(const std::string& source, const LinkTarget& target,
                                      const DigestResult& result);
  [[nodiscard]] ports::ScanIssue too_large(std::string path, const std::string& location,
                                           std::uint64_t size) const;
  Tree scan_tree(const TreeSource& entry, std::uint64_t most_files);
  void digest(TreeWalk& walk, std::vector<FoundFile> found, ports::SourceFiles& out);
  DigestResult digest_again(TreeWalk& walk, const FoundFile& file, DigestResult result);

  const os::Beneath& root_;
  const ManifestPaths& manifests_;
  const OwnSecrets& secrets_;
  ScanTools tools_;
  std::uint64_t max_file_size_;
  std::string confined_to_;  ///< of the entry that is scanned
};

}  // namespace sessync::workspace
