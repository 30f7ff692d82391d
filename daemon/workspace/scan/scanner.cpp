#include "daemon/workspace/scan/scanner.h"

#include <cerrno>
#include <filesystem>
#include <thread>

#include <sys/stat.h>

#include "daemon/os/log.h"
#include "daemon/os/path_text.h"
#include "daemon/os/pulse.h"
#include "daemon/workspace/scan/source_scan.h"
#include "manifest/text/utf8.h"

namespace sessync::workspace {
namespace {

constexpr int kMaxScans = 5;
constexpr std::chrono::milliseconds kSwapPause{20};

/// The directory that the workspace names at one moment.
struct Root {
  std::string path;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const Root&, const Root&) = default;
};
/// Why the workspace cannot be scanned.
struct Unreachable {
  ports::SourceUnavailable reason;
  int error = 0;
};
using Resolved = tl::expected<Root, Unreachable>;

Unreachable workspace_unavailable(const std::string& workspace, int error) {
  const std::string what = error == ENOENT    ? "does not exist"
                           : error == ENOTDIR ? "is not a directory"
                                              : "cannot be read (" + os::error_text(error) + ")";
  return {{"the workspace " + manifest::printable(workspace) + " " + what +
           "; nothing is changed in the session until it is a readable directory"},
          error};
}

Resolved resolve(const std::string& workspace) {
  std::error_code error;
  const std::string path = std::filesystem::canonical(workspace, error).string();
  const auto unavailable = [&](int why) {
    return tl::unexpected(workspace_unavailable(workspace, why));
  };
  if (error) return unavailable(error.value());
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return unavailable(errno);
  if (!S_ISDIR(status.st_mode)) return unavailable(ENOTDIR);
  return Root{.path = path, .device = status.st_dev, .inode = status.st_ino};
}

bool reads_workspace(const manifest::ResourceSpec& resource) {
  return std::holds_alternative<manifest::FileResource>(resource.what) ||
         std::holds_alternative<manifest::DirectoryResource>(resource.what) ||
         std::holds_alternative<manifest::ArchiveResource>(resource.what);
}

ports::WorkspaceSnapshot without_workspace(const ScanRequest& request, const Unreachable& why) {
  ports::WorkspaceSnapshot snapshot;
  if (os::is_shortage(why.error)) snapshot.shortage = os::error_text(why.error);
  const ports::SourceUnavailable& reason = why.reason;
  for (const manifest::ResourceSpec& resource : request.resources) {
    if (reads_workspace(resource)) {
      snapshot.sources.emplace_back(reason);
    } else {
      snapshot.sources.emplace_back(ports::SourceFiles{});
    }
  }
  return snapshot;
}

/// Says what of the reads was not as it should be since it was made.
class ReadLog {
 public:
  explicit ReadLog(const ReadCounters& counters)
      : counters_(counters), unleased_(counters.unleased), unstable_(counters.unstable) {}
  ReadLog(const ReadLog&) = delete;
  ReadLog& operator=(const ReadLog&) = delete;
  ~ReadLog() {
    if (counters_.unleased == unleased_ && counters_.unstable == unstable_) return;
    os::log(os::LogLevel::kDebug,
            "files were read without a lease, or could not be read in one piece",
            {{"leased", counters_.leased.load()},
             {"quiet", counters_.quiet.load()},
             {"unleased", counters_.unleased.load()},
             {"left_open", counters_.left_open.load()},
             {"refused", counters_.refused.load()},
             {"broken", counters_.broken.load()},
             {"unstable", counters_.unstable.load()}});
  }

 private:
  const ReadCounters& counters_;
  std::uint64_t unleased_;
  std::uint64_t unstable_;
};

}  // namespace

Scanner::Scanner(DigestCache& cache, ScanOptions options)
    : cache_(cache),
      options_(std::move(options)),
      tools_{cache_, counters_, restless_, options_.after_read},
      pool_([this](const std::string& root, const std::string& path) {
        return make_digest_task(tools_, root, path);
      }) {}

ports::WorkspaceSnapshot Scanner::scan(const ScanRequest& request) {
  Unreachable reason{
      {.message = "the workspace " + manifest::printable(request.workspace) +
                  " named another directory each time it was scanned; nothing is changed in the "
                  "session until it stays the same for a whole scan"},
      0};
  for (int tries = 0; tries < kMaxScans; ++tries) {
    const Resolved root = resolve(request.workspace);
    if (root) {
      ports::WorkspaceSnapshot snapshot = scan_root(request, root->path);
      const Resolved again = resolve(request.workspace);
      if (again && *again == *root) return snapshot;
    } else if (reason = root.error(); tries == 0) {
      break;  // it was not there to begin with
    }
    std::this_thread::sleep_for(kSwapPause);
  }
  return without_workspace(request, reason);
}

ports::WorkspaceSnapshot Scanner::scan_root(const ScanRequest& request, const std::string& path) {
  const auto root = os::Beneath::open(path);
  if (!root) {
    return without_workspace(request, workspace_unavailable(request.workspace, root.error()));
  }
  const ManifestPaths manifests(request.workspace, path, request.manifests);
  const auto secrets = secrets_.find(request.secrets, request.workspace, path);
  const ReadLog read_log(counters_.reads);
  FileDigester digester(tools_, pool_, request.session, options_.share);
  Patience patience({.settle = options_.settle,
                     .unleased = options_.unleased,
                     .open_for_writing = options_.open_for_writing},
                    kScanPatience);
  manifest::MatchBudget budget(options_.matching_steps, [this] {
    os::beat();
    return pool_.stopped();
  });
  SourceScan scan(
      *root, manifests, *secrets,
      {cache_, ignore_files_, counters_, digester, patience, budget, 2 * request.max_files},
      request.max_file_size);
  ports::WorkspaceSnapshot snapshot{.root = path, .sources = {}};
  for (const manifest::ResourceSpec& resource : request.resources) {
    snapshot.sources.push_back(scan.scan(resource));
  }
  if (root->shortage() != 0) snapshot.shortage = os::error_text(root->shortage());
  return snapshot;
}

ScanStatistics Scanner::statistics() const {
  return {.files_hashed = counters_.files_hashed,
          .bytes_read = counters_.bytes_read,
          .directories_read = counters_.directories_read};
}

}  // namespace sessync::workspace
