#include "daemon/outputs/output_conflict.h"

#include <filesystem>
#include <system_error>

#include <sys/stat.h>

#include "daemon/os/path_text.h"

namespace sessync::disk_outputs {
namespace {

namespace fs = std::filesystem;

/// `path` without links, as far as it exists.
fs::path resolved(const std::string& path) {
  std::error_code error;
  fs::path real = fs::weakly_canonical(path, error);
  if (error) {
    real = fs::path(path).lexically_normal();
  }
  return real.has_filename() ? real : real.parent_path();
}

/// One place under two names, bind mounts included.
bool same(const fs::path& left, const fs::path& right) {
  struct stat left_stat{};
  struct stat right_stat{};
  return left == right ||
         (::stat(left.c_str(), &left_stat) == 0 && ::stat(right.c_str(), &right_stat) == 0 &&
          left_stat.st_dev == right_stat.st_dev && left_stat.st_ino == right_stat.st_ino);
}

bool is_at_or_below(fs::path inner, const fs::path& outer) {
  while (!same(inner, outer)) {
    if (!inner.has_relative_path()) {
      return false;
    }
    inner = inner.parent_path();
  }
  return true;
}

struct NameSource {
  std::set<std::string>& into;
  void operator()(const manifest::FileResource& file) const { into.insert(file.source); }
  void operator()(const manifest::DirectoryResource& directory) const {
    into.insert(directory.source);
  }
  void operator()(const manifest::ArchiveResource& archive) const { into.insert(archive.source); }
  void operator()(const manifest::UploadedFileResource& /*file*/) const {}
  void operator()(const manifest::RepositoryResource& /*repository*/) const {}
  void operator()(const manifest::MemoryStoreResource& /*store*/) const {}
};

}  // namespace

std::set<std::string> sources_of(const std::vector<manifest::SessionSpec>& sessions) {
  std::set<std::string> sources;
  for (const auto& session : sessions) {
    for (const auto& resource : session.resources) {
      // What is not allowed is not uploaded either.
      if (!resource.denied) std::visit(NameSource{sources}, resource.what);
    }
  }
  return sources;
}

std::optional<std::string> output_conflict(const std::string& destination,
                                           const std::string& workspace,
                                           const std::set<std::string>& sources) {
  const auto place = resolved(destination);
  for (const auto& source : sources) {
    const auto read = resolved(os::join_path(workspace, source));
    const std::string shown = source.empty() ? "./" : source;
    if (is_at_or_below(place, read) || is_at_or_below(read, place)) {
      std::string message = "outputs would land in ";
      message += destination;
      message += ", which overlaps the source ";
      message += shown;
      message += " of the workspace ";
      message += workspace;
      message +=
          ": what the agent writes would be mounted again. Choose an --outputs-dir outside of it, "
          "or narrow the source";
      return message;
    }
  }
  return std::nullopt;
}

std::optional<std::string> reserved_conflict(const std::string& destination,
                                             const std::vector<std::string>& reserved) {
  const auto place = resolved(destination);
  for (const auto& directory : reserved) {
    if (same(place, resolved(directory))) {
      return "outputs would land in " + destination +
             ", from which sessync reads files of its own (manifest, secrets or state): an agent "
             "could write them. Choose another --outputs-dir or destination";
    }
  }
  return std::nullopt;
}

}  // namespace sessync::disk_outputs
