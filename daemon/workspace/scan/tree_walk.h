#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <tl/expected.hpp>

#include "daemon/os/beneath.h"
#include "daemon/workspace/read/file_stamp.h"
#include "daemon/workspace/scan/ignore_files.h"
#include "daemon/workspace/scan/link_rules.h"
#include "daemon/workspace/scan/manifest_paths.h"
#include "daemon/workspace/scan/own_secrets.h"
#include "daemon/workspace/scan/source_filter.h"
#include "manifest/spec.h"
#include "reconciler/ports/snapshot.h"

namespace sessync::workspace {

/// A file that a directory source takes.
struct FoundFile {
  std::string path;      ///< below the source
  std::string location;  ///< below the root, without symlinks: where its bytes are
  bool is_link = false;  ///< `path` is a symlink to `location`
  bool executable = false;
  FileStamp stamp;
};

/// What decides about a tree, beside the tree.
struct WalkRules {
  const SourceFilter& filter;
  const ManifestPaths& manifests;
  const OwnSecrets& secrets;
  IgnoreFiles& ignore_files;
  bool gitignore = false;  ///< .gitignore files count as .sessyncignore files do
  manifest::LinkScope links = manifest::LinkScope::kSource;
  /// No link may lead out of this directory of the workspace; "": the workspace.
  std::string confined_to{};
  manifest::MatchBudget& budget;
  /// Of more files than these (and what would be one) nothing is kept but their number.
  std::uint64_t most_files = std::numeric_limits<std::uint64_t>::max();
};

/// What matching may cost in one pass: some seconds. A tree of 100,000 entries and 500 rules costs
/// a tenth of it.
inline constexpr std::uint64_t kMatchingSteps = 1'000'000'000;

/// What a symlink that was found in a tree leads to.
struct LinkTarget {
  std::string location;
  FileStamp stamp;
  bool executable = false;
  bool strays = false;  ///< of a source: a link on the way leaves the directory in which it stands
};

/// Why a symlink that was found in a tree is not taken.
struct LinkProblem {
  std::string what;          ///< "" if the link is gone
  bool unreadable = false;   ///< nobody can say whether it leads to a file: it counts as there
  bool not_allowed = false;  ///< it leads out of what the entry is confined to
  std::optional<TargetExclusion> excluded{};  ///< what keeps its target out
};

/// Walks the directory of one source, without recursion, and reads only directories that may hold
/// what the entry selects.
class TreeWalk {
 public:
  using OnFile = std::function<void(FoundFile)>;

  /// `source` is below the root and free of symlinks.
  TreeWalk(const os::Beneath& root, const WalkRules& rules, std::string source)
      : root_(root),
        rules_(rules),
        source_(std::move(source)),
        links_(root, rules.filter, rules.ignore_files, rules.budget, source_,
               {rules.links == manifest::LinkScope::kWorkspace, rules.gitignore}),
        ignores_(rules.budget) {}

  /// Hands files to `on_file` in the order of their paths; everything else that was found goes to
  /// `out`, also that there are too many. The error says why the source itself cannot be read.
  tl::expected<void, ports::SourceUnavailable> run(const OnFile& on_file, ports::SourceFiles& out);

  /// The regular file that the symlink at `path` (below the source) leads to.
  [[nodiscard]] tl::expected<LinkTarget, LinkProblem> resolve_link(std::string_view path);

  [[nodiscard]] std::uint64_t directories_read() const { return directories_read_; }

 private:
  struct Name {
    std::string text;
    unsigned char type = 0;  // as readdir(3)
  };
  struct Entry {
    std::string name;
    bool is_directory = false;
    bool is_link = false;
    bool executable = false;
    std::string location;  // of what a link leads to
    FileStamp stamp;
  };
  struct Frame {
    std::string directory;
    std::vector<Entry> entries;
    std::size_t next = 0;
  };
  /// What is done about an entry of a directory: not selected, left out, or taken.
  struct Choice {
    bool selected = false;
    std::optional<ports::LeftOut::Rule> left_out;
    [[nodiscard]] bool taken() const { return selected && !left_out; }
  };
  using Status = tl::expected<void, ports::SourceUnavailable>;

  tl::expected<bool, ports::SourceUnavailable> is_ignored_from_above();
  Status push_ignores(const std::string& directory);
  Status open_source();
  void open_directory(const std::string& directory);
  void hand_out(const OnFile& on_file);
  void visit(Entry entry, std::string path, const OnFile& on_file);
  Status end();
  [[nodiscard]] bool may_keep_one();

  [[nodiscard]] tl::unexpected<int> failed(int error) const;
  tl::expected<std::vector<Name>, int> read_names(int fd);
  int read_entries(int fd, Frame& frame);
  void classify(int fd, const std::string& path, const Name& name, Frame& frame);
  void classify_file(int fd, const std::string& path, const Name& name, Frame& frame);
  void classify_link(const std::string& path, const Name& name, Frame& frame);
  void classify_unknown(int fd, const std::string& path, const Name& name);
  void add_file(const std::string& path, Entry entry, Frame& frame);
  void add_issue(ports::ScanIssue issue);
  void leave_out(ports::LeftOut what);

  [[nodiscard]] Choice choose(const std::string& path, bool is_directory) const;
  [[nodiscard]] bool takes(const std::string& path) const { return choose(path, false).taken(); }
  [[nodiscard]] bool enters(const std::string& path) const { return choose(path, true).taken(); }
  [[nodiscard]] bool is_own_secret(const std::string& path, const FileStamp& stamp) const;
  [[nodiscard]] bool is_free(const std::string& full, bool is_directory) const;
  [[nodiscard]] std::optional<TargetExclusion> exclusion_of(const std::string& location,
                                                            const struct stat& status) const;
  [[nodiscard]] std::optional<LinkProblem> refused(std::string_view link,
                                                   const std::string& location,
                                                   const struct stat& status);
  [[nodiscard]] std::string below_root(std::string_view path) const;
  [[nodiscard]] tl::unexpected<LinkProblem> link_problem(const std::string& link, int error) const;
  void note_unreadable(const std::string& directory, const std::string& why);
  void warn(std::string_view path, const std::string& what);

  const os::Beneath& root_;
  WalkRules rules_;
  std::string source_;
  LinkRules links_;
  IgnoreStack ignores_;
  std::vector<Frame> frames_;
  ports::SourceFiles* out_ = nullptr;
  std::uint64_t directories_read_ = 0;
  std::uint64_t files_ = 0;
};

}  // namespace sessync::workspace
