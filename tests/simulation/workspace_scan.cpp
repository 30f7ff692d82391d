#include <algorithm>
#include <numeric>
#include <string_view>

#include "daemon/os/sha256.h"
#include "daemon/workspace/content/archive_digest.h"
#include "daemon/workspace/read/secret_scan.h"
#include "daemon/workspace/scan/source_filter.h"
#include "tests/simulation/workspace.h"

namespace sessync::simulation {
namespace {

ports::SourceSnapshot unavailable(const std::string& source) {
  return ports::SourceUnavailable{"source " + source + " cannot be read"};
}

/// As the walk of a real tree asks: about a path only if its parent directory was entered.
bool is_taken(const workspace::SourceFilter& filter, std::string_view path) {
  for (auto at = path.find('/'); at != std::string_view::npos; at = path.find('/', at + 1)) {
    if (!filter.enters(path.substr(0, at))) {
      return false;
    }
  }
  return filter.takes(path);
}

/// Some are, whatever their size: they are read beside the scan that meets them.
bool is_large(std::string_view path) {
  constexpr int kOneIn = 5;
  return std::accumulate(path.begin(), path.end(), 0) % kOneIn == 0;
}

bool has_control_character(const std::string& path) {
  return std::ranges::any_of(path, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace

/// What one entry of the manifest sees.
struct Workspace::Scan {
  Workspace& disk;
  workspace::DigestCache& cache;
  bool waits_for_reads;
  std::uint64_t max_files;

  ports::SourceSnapshot operator()(const manifest::FileResource& entry) {
    if (disk.is_locked(entry.source)) {
      return unavailable(entry.source);
    }
    const auto found = disk.files_.find(entry.source);
    if (found == disk.files_.end() || disk.is_lost(entry.source)) {
      return unavailable(entry.source);
    }
    ports::SourceFiles out;
    take(entry.source, "", found->second, out);
    return out;
  }

  ports::SourceSnapshot operator()(const manifest::DirectoryResource& entry) {
    auto found =
        tree(entry.source, workspace::SourceFilter(entry.include, entry.exclude, entry.allow));
    if (auto* files = std::get_if<ports::SourceFiles>(&found)) {
      const auto count = files->files.size() + files->issues.size();
      if (count > 2 * max_files) {
        files->too_many = count;
        files->files.clear();
        files->issues.clear();
      }
    }
    return found;
  }

  ports::SourceSnapshot operator()(const manifest::ArchiveResource& entry) {
    auto found =
        tree(entry.source, workspace::SourceFilter(entry.include, entry.exclude, entry.allow));
    if (auto* files = std::get_if<ports::SourceFiles>(&found)) {
      files->archive_sha256 = workspace::archive_digest(entry.format, files->files);
    }
    return found;
  }

  template <class Remote>
  ports::SourceSnapshot operator()(const Remote& /*entry*/) {
    return ports::SourceFiles{};
  }

 private:
  ports::SourceSnapshot tree(const std::string& source, const workspace::SourceFilter& filter) {
    if (!disk.directory_exists(source) || disk.is_locked(source)) {
      return unavailable(source);
    }
    ports::SourceFiles out;
    const auto prefix = source.empty() ? source : source + "/";
    for (const auto& [path, file] : disk.files_) {
      const bool below = path.starts_with(prefix) && !disk.is_lost(path) && !disk.is_locked(path);
      if (below && is_taken(filter, std::string_view(path).substr(prefix.size()))) {
        take(path, path.substr(prefix.size()), file, out);
      }
    }
    for (const auto& locked : disk.locked_) {
      if (locked.starts_with(prefix) && locked != source) {
        out.unreadable_directories.push_back(locked.substr(prefix.size()));
      }
    }
    return out;
  }

  void take(const std::string& path, const std::string& name, const File& file,
            ports::SourceFiles& out) {
    if (has_control_character(path)) {
      out.issues.push_back({name, ports::ScanIssue::Kind::kInvalidName, "has a control character"});
      return;
    }
    if (const auto known = cache.find(path, file.stamp)) {
      out.files.push_back(scanned(name, *known, file));
      return;
    }
    if (file.being_written) {
      out.issues.push_back({name, ports::ScanIssue::Kind::kUnstable, "is being written"});
      return;
    }
    if (!waits_for_reads && is_large(path) && disk.being_read_[path] != file.stamp) {
      disk.being_read_[path] = file.stamp;
      out.issues.push_back(
          {name, ports::ScanIssue::Kind::kUnread, "is being read", file.stamp.size});
      return;
    }
    const auto content = read(file.bytes);
    cache.put(path, file.stamp, content, disk.stamp_now());
    out.files.push_back(scanned(name, content, file));
  }

  static workspace::FileContent read(const std::string& bytes) {
    os::Sha256Stream stream;
    stream.update(bytes);
    workspace::SecretScan secrets;
    secrets.update(bytes);
    return {stream.finish(), secrets.finish()};
  }

  static ports::ScannedFile scanned(const std::string& name, const workspace::FileContent& content,
                                    const File& file) {
    return {name, os::to_hex(content.digest), file.stamp.size, false, content.secret};
  }
};

ports::WorkspaceSnapshot Workspace::scan(const manifest::SessionSpec& spec,
                                         workspace::DigestCache& cache, bool waits_for_reads) {
  ports::WorkspaceSnapshot snapshot{"/workspace", {}};
  for (const auto& entry : spec.resources) {
    snapshot.sources.push_back(
        std::visit(Scan{*this, cache, waits_for_reads, spec.max_files}, entry.what));
  }
  return snapshot;
}

}  // namespace sessync::simulation
