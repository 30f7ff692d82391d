#include "daemon/workspace/scan/source_scan.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

#include "daemon/os/path_text.h"
#include "daemon/workspace/content/archive_digest.h"
#include "daemon/workspace/scan/twin.h"
#include "manifest/text/size.h"
#include "manifest/text/utf8.h"

namespace sessync::workspace {
namespace {

/// A ConfigMap's link can change its target between two looks.
constexpr int kMaxLinkTries = 3;

tl::unexpected<ports::SourceUnavailable> unavailable(const std::string& source,
                                                     const std::string& what) {
  const std::string name = source.empty() ? "./" : manifest::printable(source);
  return tl::unexpected(ports::SourceUnavailable{.message = "source " + name + " " + what +
                                                            "; what is mounted from it stays"});
}

/// Of a source that does not exist.
std::string way_out(const os::Beneath& root, const std::string& source) {
  const auto twin = find_twin(root, source);
  if (!twin) return "create it, or correct or remove the entry";
  return "but there is one whose name looks the same and is written with other characters (" +
         twin->found + ", not " + twin->wanted + "): write it as it is on the disk";
}

tl::unexpected<ports::SourceUnavailable> unreachable(const os::Beneath& root,
                                                     const std::string& source, int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR: {
      const bool is_link =
          root.open_at(source, O_PATH | O_NOFOLLOW, os::Beneath::Links::kFollow).has_value();
      return unavailable(source, is_link ? "is a symlink to something that does not exist"
                                         : "does not exist in the workspace " +
                                               manifest::printable(root.root()) + ": " +
                                               way_out(root, source));
    }
    case EXDEV:
      return unavailable(source,
                         "leads out of the workspace through a symlink (or an absolute one): only "
                         "what is inside can be mirrored");
    case ELOOP:
      return unavailable(source, "is a symlink that leads to itself");
    default:
      return unavailable(source,
                         "cannot be read (" + os::error_text(error) + "): check its permissions");
  }
}

/// What is mounted stays, and people are told.
ports::SourceFiles own_secret(const std::string& source, bool is_directory) {
  ports::SourceFiles out;
  out.issues.push_back({.path = "",
                        .kind = ports::ScanIssue::Kind::kSecret,
                        .message = "source " + manifest::printable(source) +
                                   (is_directory ? "/" : "") + secret_source_text()});
  out.left_out.push_back(
      {.path = "", .is_directory = is_directory, .rule = ports::LeftOut::Rule::kOwnSecret});
  return out;
}

ports::SourceFiles astray(const std::string& source, const std::string& location, bool is_directory,
                          const TargetExclusion& why) {
  ports::SourceFiles out;
  const std::string name = manifest::printable(source) + (is_directory ? "/" : "");
  out.issues.push_back(
      {.path = "",
       .kind = ports::ScanIssue::Kind::kSecret,
       .message = "source " + name + " is a symlink to " + manifest::printable(location) +
                  ", which is never mirrored unless it is named itself; what is mounted stays. "
                  "Name that path as the source, or add " +
                  manifest::printable(why.name) + " to its \"allow\"; or remove the entry"});
  out.left_out.push_back({.path = "",
                          .is_directory = is_directory,
                          .rule = ports::LeftOut::Rule::kLately,
                          .name = why.name});
  return out;
}

/// What is mounted stays, and people are told.
ports::SourceFiles outside(const std::string& source, const std::string& location,
                           bool is_directory) {
  ports::SourceFiles out;
  out.issues.push_back(
      {.path = "",
       .kind = ports::ScanIssue::Kind::kLinkOutside,
       .message = "source " + manifest::printable(source) + (is_directory ? "/" : "") +
                  " leads to " + manifest::printable(location) +
                  " through a symlink out of the directory in which that stands; it is not "
                  "mirrored, and what is mounted stays. Name that path as the source, or write "
                  "\"links: workspace\" in the entry; or remove the entry"});
  out.left_out.push_back({.path = "",
                          .is_directory = is_directory,
                          .rule = ports::LeftOut::Rule::kLinkOutside,
                          .name = location});
  return out;
}

std::string text_of(const StableReadError& error) {
  using Error = StableReadError::Kind;
  if (error.kind == Error::kUnstable) return "changed each time it was read; it is tried again";
  if (error.kind == Error::kNotRegular) return "is not a regular file any more";
  return "cannot be read (" + os::error_text(error.error) + "): check its permissions";
}

std::string in_gigabytes(std::uint64_t bytes) {
  constexpr std::uint64_t kTenthOfGb = 100'000'000;
  const auto tenths = bytes / kTenthOfGb;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " GB";
}

/// A file that may be there and be right soon.
ports::ScanIssue not_yet(std::string path, const std::string& location, std::uint64_t size,
                         const StableReadError& error) {
  const std::string name = manifest::printable(location);
  if (error.kind == StableReadError::Kind::kUnread && size <= ReadPool::kLarge) {
    return {std::move(path), ports::ScanIssue::Kind::kUnread,
            name + " is not read yet: other sessions have their turn first", size};
  }
  if (error.kind == StableReadError::Kind::kUnread) {
    return {std::move(path), ports::ScanIssue::Kind::kUnread,
            name + " is large and still being read (" + in_gigabytes(error.done) + " of " +
                in_gigabytes(size) + "); everything else goes on",
            size};
  }
  const auto kind = error.kind == StableReadError::Kind::kUnstable
                        ? ports::ScanIssue::Kind::kUnstable
                        : ports::ScanIssue::Kind::kUnreadable;
  return {std::move(path), kind, name + " " + text_of(error)};
}

ports::SourceSnapshot one_issue(ports::ScanIssue issue) {
  ports::SourceFiles out;
  out.issues.push_back(std::move(issue));
  return out;
}

ports::ScannedFile scanned(std::string path, const Digested& file) {
  return {.path = std::move(path),
          .sha256 = os::to_hex(file.content.digest),
          .size = file.size,
          .executable = file.executable,
          .secret = file.content.secret};
}

ports::SourceSnapshot one_file(const FileContent& content, std::uint64_t size) {
  ports::SourceFiles out;
  out.files.push_back(scanned("", {content, size}));
  return out;
}

}  // namespace

std::string secret_source_text() {
  return " is a secret of sessync's own (a key, a token, or its state): it is never mounted, and "
         "what is mounted stays; keep secrets outside of the workspace, and remove the entry";
}

ports::SourceSnapshot SourceScan::scan(const manifest::ResourceSpec& resource) {
  if (resource.denied) {
    return ports::SourceUnavailable{.message = resource.denied->reason, .not_allowed = true};
  }
  confined_to_ = resource.confined_to;
  return std::visit(*this, resource.what);
}

ports::SourceSnapshot SourceScan::operator()(const manifest::FileResource& entry) {
  if (secrets_.covers(entry.source)) return own_secret(entry.source, false);
  const Located located = locate(entry.source, false);
  if (!located) return located.error();
  const SourceFilter filter({}, {}, entry.allow);
  if (auto refused = refuse(entry.source, *located, false, filter, entry.links))
    return std::move(*refused);
  if (located->stamp.size > max_file_size_) {
    return one_issue(too_large("", entry.source, located->stamp.size));
  }
  if (const auto known = tools_.cache.find(located->location, located->stamp)) {
    return one_file(*known, located->stamp.size);
  }
  const auto read = [this](const LinkTarget& target) {
    return tools_.digester.digest(root_, {target.location, target.stamp}, tools_.patience);
  };
  DigestResult result = read(*located);
  for (int tries = 1; tries < kMaxLinkTries && !result; ++tries) {
    if (result.error().kind != StableReadError::Kind::kVanished) break;
    const Located again = locate(entry.source, false);
    if (!again) return again.error();
    if (auto refused = refuse(entry.source, *again, false, filter, entry.links))
      return std::move(*refused);
    result = read(*again);
  }
  return file_snapshot(entry.source, *located, result);
}

ports::ScanIssue SourceScan::too_large(std::string path, const std::string& location,
                                       std::uint64_t size) const {
  return {std::move(path), ports::ScanIssue::Kind::kTooLarge,
          manifest::printable(location) + " has " + std::to_string(size) +
              " bytes, and max_file_size is " + manifest::format_size(max_file_size_) +
              "; it is neither read nor sent, and what is mounted stays: exclude it, or raise "
              "max_file_size if the API takes more"};
}

ports::SourceSnapshot SourceScan::file_snapshot(const std::string& source, const LinkTarget& target,
                                                const DigestResult& result) {
  if (result) return one_file(result->content, result->size);
  const StableReadError& error = result.error();
  switch (error.kind) {
    case StableReadError::Kind::kVanished:
      return unreachable(root_, source, ENOENT).value();
    case StableReadError::Kind::kUnstable:
    case StableReadError::Kind::kUnread:
      return one_issue(not_yet("", source, target.stamp.size, error));
    case StableReadError::Kind::kNotRegular:
    case StableReadError::Kind::kUnreadable:
      break;
  }
  return unavailable(source, text_of(error)).value();
}

ports::SourceSnapshot SourceScan::operator()(const manifest::DirectoryResource& entry) {
  Tree tree = scan_tree(TreeSource(entry), tools_.most_files);
  if (!tree) return std::move(tree.error());
  // A mount has no executable bit, so chmod changes nothing of what is mirrored.
  for (ports::ScannedFile& file : tree->files) file.executable = false;
  return std::move(*tree);
}

ports::SourceSnapshot SourceScan::operator()(const manifest::ArchiveResource& entry) {
  Tree tree = scan_tree(TreeSource(entry), std::numeric_limits<std::uint64_t>::max());
  if (!tree) return std::move(tree.error());
  tree->archive_sha256 = archive_digest(entry.format, tree->files);
  return std::move(*tree);
}

SourceScan::Tree SourceScan::scan_tree(const TreeSource& entry, std::uint64_t most_files) {
  const std::string& source = entry.source;
  const Located located = locate(source, true);
  if (!located) return tl::unexpected(located.error());
  const SourceFilter filter(entry.include, entry.exclude, entry.allow, located->location,
                            &tools_.budget);
  if (auto refused = refuse(source, *located, true, filter, entry.links))
    return std::move(*refused);
  const WalkRules rules{.filter = filter,
                        .manifests = manifests_,
                        .secrets = secrets_,
                        .ignore_files = tools_.ignore_files,
                        .gitignore = entry.gitignore,
                        .links = entry.links,
                        .confined_to = confined_to_,
                        .budget = tools_.budget,
                        .most_files = most_files};
  TreeWalk walk(root_, rules, located->location);
  ports::SourceFiles out;
  std::vector<FoundFile> unknown;
  const auto status = walk.run(
      [&](FoundFile file) {
        const auto size = file.stamp.size;
        if (size > max_file_size_) {
          return out.issues.push_back(too_large(std::move(file.path), file.location, size));
        }
        const auto known = tools_.cache.find(file.location, file.stamp);
        if (!known) return unknown.push_back(std::move(file));
        out.files.push_back(
            scanned(std::move(file.path), {*known, file.stamp.size, file.executable}));
      },
      out);
  tools_.counters.directories_read += walk.directories_read();
  if (!status) return unavailable(source, status.error().message);
  if (out.too_many > 0) {
    out.files.clear();
    return out;
  }
  if (!unknown.empty()) digest(walk, std::move(unknown), out);
  std::ranges::sort(out.issues, {}, &ports::ScanIssue::path);
  return out;
}

void SourceScan::digest(TreeWalk& walk, std::vector<FoundFile> found, ports::SourceFiles& out) {
  std::vector<FileToRead> files;
  files.reserve(found.size());
  for (const FoundFile& file : found) files.push_back({file.location, file.stamp});
  const std::vector<DigestResult> results =
      tools_.digester.digest_all(root_, files, tools_.patience);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const DigestResult result = digest_again(walk, found[i], results[i]);
    if (result) {
      out.files.push_back(scanned(std::move(found[i].path), *result));
      continue;
    }
    const StableReadError& error = result.error();
    if (error.kind == StableReadError::Kind::kVanished) continue;
    out.issues.push_back(
        not_yet(std::move(found[i].path), found[i].location, found[i].stamp.size, error));
  }
  std::ranges::sort(out.files, {}, &ports::ScannedFile::path);
}

/// A link whose target vanished may have got another one meanwhile: absent it is only if the link
/// leads nowhere now.
DigestResult SourceScan::digest_again(TreeWalk& walk, const FoundFile& file, DigestResult result) {
  for (int tries = 1; tries < kMaxLinkTries && !result && file.is_link; ++tries) {
    if (result.error().kind != StableReadError::Kind::kVanished) break;
    const auto target = walk.resolve_link(file.path);
    if (!target && target.error().unreadable) return tl::unexpected(StableReadError{});
    if (!target) break;
    result = tools_.digester.digest(root_, {target->location, target->stamp}, tools_.patience);
  }
  return result;
}

SourceScan::Located SourceScan::locate(const std::string& source, bool is_directory) {
  for (int tries = 1;; ++tries) {
    const auto fd = root_.open_at(source, O_PATH, os::Beneath::Links::kFollow);
    if (!fd) return unreachable(root_, source, fd.error());
    struct stat status{};
    if (::fstat(fd->get(), &status) != 0) return unreachable(root_, source, errno);
    Located located = check_type(source, status, is_directory);
    if (!located) return located;
    located->location = root_.path_of(fd->get()).value_or(source);
    const auto steady = check_links(source, *located);
    if (!steady) return unreachable(root_, source, steady.error());
    if (*steady || tries == kMaxLinkTries) return check_place(source, std::move(*located));
  }
}

/// Each link on the way to a source must lead into the directory in which it stands. False: they
/// lead elsewhere by now. The error is an errno.
tl::expected<bool, int> SourceScan::check_links(const std::string& source,
                                                LinkTarget& target) const {
  if (target.location == source) return true;
  std::string above;
  for (std::size_t end = 0; end < source.size(); ++end) {
    end = std::min(source.find('/', end), source.size());
    const auto fd = root_.open_at(source.substr(0, end), O_PATH, os::Beneath::Links::kFollow);
    if (!fd) return tl::unexpected(fd.error());
    std::string here = root_.path_of(fd->get()).value_or("");
    const bool within = above.empty() || here == above || here.starts_with(above + "/");
    target.strays = target.strays || !within;
    above = std::move(here);
  }
  if (above == target.location) return true;
  target.strays = true;
  return false;
}

/// A link on the way may lead elsewhere than the source's name says.
SourceScan::Located SourceScan::check_place(const std::string& source, LinkTarget target) const {
  if (os::lies_in(target.location, confined_to_)) return target;
  return tl::unexpected(ports::SourceUnavailable{
      .message = "source " + manifest::printable(source) + " leads out of " +
                 manifest::printable(confined_to_) +
                 "/ through a symlink, and the operator confines this manifest file to that; what "
                 "is mounted from it stays",
      .not_allowed = true});
}

SourceScan::Located SourceScan::check_type(const std::string& source, const struct stat& status,
                                           bool is_directory) {
  if (S_ISDIR(status.st_mode) && !is_directory) {
    return unavailable(source, "is a directory: write " + manifest::printable(source) +
                                   "/ to mirror what is in it");
  }
  if (S_ISREG(status.st_mode) && is_directory) {
    return unavailable(source + "/",
                       "is a file, not a directory: write " + manifest::printable(source));
  }
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    return unavailable(source, "is neither a file nor a directory (a FIFO, socket or device)");
  }
  return LinkTarget{
      .location = {}, .stamp = FileStamp::of(status), .executable = is_executable(status)};
}

/// What a source must not be, or lead to.
std::optional<ports::SourceFiles> SourceScan::refuse(const std::string& source,
                                                     const LinkTarget& target, bool is_directory,
                                                     const SourceFilter& filter,
                                                     manifest::LinkScope links) const {
  if (secrets_.covers(target.location) || secrets_.is(target.stamp.device, target.stamp.inode)) {
    return own_secret(source, is_directory);
  }
  if (target.strays && links == manifest::LinkScope::kSource) {
    return outside(source, target.location, is_directory);
  }
  const auto why = leads_astray(source, target.location, is_directory, filter);
  return why ? std::optional(astray(source, target.location, is_directory, *why)) : std::nullopt;
}

/// Who names a path that is excluded by default means it. A link that leads to one is no naming.
std::optional<TargetExclusion> SourceScan::leads_astray(const std::string& source,
                                                        const std::string& location,
                                                        bool is_directory,
                                                        const SourceFilter& filter) {
  const SourceFilter plain({}, {});
  if (location == source || target_exclusion(plain, source, is_directory)) return std::nullopt;
  return target_exclusion(filter, location, is_directory);
}

}  // namespace sessync::workspace
