#include <algorithm>
#include <numeric>
#include <string_view>

#include "daemon/os/sha256.h"
#include "daemon/workspace/content/archive_digest.h"
#include "daemon/workspace/scan/source_filter.h"
#include "tests/simulation/workspace.h"

namespace sessync::simulation {
namespace {

SourceSnapshot unavailable(const std::string& source) {
  return SourceUnavailable{"source " + source + " cannot be read"};
}

/// As the walk of a real tree asks: about a path only if its parent directory was entered.
bool is_taken(const SourceFilter& filter, std::string_view path) {
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
  DigestCache& cache;
  bool waits_for_reads;

  SourceSnapshot operator()(const FileResource& entry) {
    if (disk.is_locked(entry.source)) {
      return unavailable(entry.source);
    }
    const auto found = disk.files_.find(entry.source);
    if (found == disk.files_.end() || disk.is_lost(entry.source)) {
      return unavailable(entry.source);
    }
    SourceFiles out;
    take(entry.source, "", found->second, out);
    return out;
  }

  SourceSnapshot operator()(const DirectoryResource& entry) {
    return tree(entry.source, SourceFilter(entry.include, entry.exclude));
  }

  SourceSnapshot operator()(const ArchiveResource& entry) {
    auto found = tree(entry.source, SourceFilter(entry.include, entry.exclude));
    if (auto* files = std::get_if<SourceFiles>(&found)) {
      files->archive_sha256 = archive_digest(entry.format, files->files);
    }
    return found;
  }

  template <class Remote>
  SourceSnapshot operator()(const Remote& /*entry*/) {
    return SourceFiles{};
  }

 private:
  SourceSnapshot tree(const std::string& source, const SourceFilter& filter) {
    if (!disk.directory_exists(source) || disk.is_locked(source)) {
      return unavailable(source);
    }
    SourceFiles out;
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

  void take(const std::string& path, const std::string& name, const File& file, SourceFiles& out) {
    if (has_control_character(path)) {
      out.issues.push_back({name, ScanIssue::Kind::kInvalidName, "has a control character"});
      return;
    }
    if (const auto known = cache.find(path, file.stamp)) {
      out.files.push_back({name, to_hex(*known), file.stamp.size});
      return;
    }
    if (file.being_written) {
      out.issues.push_back({name, ScanIssue::Kind::kUnstable, "is being written"});
      return;
    }
    if (!waits_for_reads && is_large(path) && disk.being_read_[path] != file.stamp) {
      disk.being_read_[path] = file.stamp;
      out.issues.push_back({name, ScanIssue::Kind::kUnread, "is being read", file.stamp.size});
      return;
    }
    Sha256Stream stream;
    stream.update(file.bytes);
    const auto digest = stream.finish();
    cache.put(path, file.stamp, digest, disk.stamp_now());
    out.files.push_back({name, to_hex(digest), file.stamp.size});
  }
};

WorkspaceSnapshot Workspace::scan(const std::vector<ResourceSpec>& resources, DigestCache& cache,
                                  bool waits_for_reads) {
  WorkspaceSnapshot snapshot{"/workspace", {}};
  for (const auto& entry : resources) {
    snapshot.sources.push_back(std::visit(Scan{*this, cache, waits_for_reads}, entry.what));
  }
  return snapshot;
}

}  // namespace sessync::simulation
