#include "daemon/workspace/scan/tree_walk.h"

#include <algorithm>
#include <cerrno>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "daemon/os/directory_stream.h"
#include "daemon/os/path_text.h"
#include "daemon/os/pulse.h"
#include "manifest/text/utf8.h"

namespace sessync::workspace {
namespace {

constexpr std::size_t kMostWarnings = 500;
constexpr std::size_t kMostLeftOut = 10'000;

bool is_broken_link(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == EXDEV;
}

unsigned char type_of(int directory, const char* name) {
  struct stat status{};
  if (::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return DT_UNKNOWN;
  return static_cast<unsigned char>(IFTODT(status.st_mode));
}

std::string name_of_type(unsigned char type) {
  switch (type) {
    case DT_FIFO:
      return "a FIFO";
    case DT_SOCK:
      return "a socket";
    case DT_CHR:
    case DT_BLK:
      return "a device";
    default:
      return "something unknown";
  }
}

std::string broken_link(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return "is a symlink to something that does not exist";
    case ELOOP:
      return "is a symlink that leads back to itself";
    case EXDEV:
      return "is a symlink that leads out of the workspace (or is absolute)";
    default:
      return "is a symlink that cannot be followed (" + os::error_text(error) + ")";
  }
}

/// Sorting directories as if their names ended in "/" makes a depth-first walk meet all paths in
/// the order of their bytes.
struct ByPath {
  template <class Name>
  bool operator()(const Name& a, const Name& b) const {
    const std::size_t common = std::min(a.text.size(), b.text.size());
    const int order = a.text.compare(0, common, b.text, 0, common);
    return order != 0 ? order < 0 : key(a, common) < key(b, common);
  }
  template <class Name>
  static int key(const Name& name, std::size_t at) {
    if (at < name.text.size()) return static_cast<unsigned char>(name.text[at]);
    return name.type == DT_DIR ? '/' : -1;
  }
};

tl::unexpected<LinkProblem> skipped(std::string what) {
  return tl::unexpected(LinkProblem{.what = std::move(what), .unreadable = false});
}

/// Where it leads is not said: it is another's.
std::string outside_text(const std::string& link, const std::string& confined_to) {
  return manifest::printable(link) + " is a symlink that leads out of " +
         manifest::printable(confined_to) + "/, to which the operator confines this manifest file";
}

ports::SourceUnavailable unreadable_source(const std::string& what) { return {.message = what}; }

}  // namespace

TreeWalk::Status TreeWalk::run(const OnFile& on_file, ports::SourceFiles& out) {
  out_ = &out;
  const auto ignored = is_ignored_from_above();
  if (!ignored) return tl::unexpected(ignored.error());
  if (rules_.budget.is_over()) return end();
  if (*ignored) {
    warn("", std::string("is ignored by a ") + kIgnoreFileName.data() +
                 (rules_.gitignore ? " or .gitignore" : "") +
                 " above it: nothing of it is mirrored");
    return {};
  }
  if (Status opened = open_source(); !opened) return opened;
  hand_out(on_file);
  return end();
}

TreeWalk::Status TreeWalk::end() {
  if (rules_.budget.is_over()) {
    return tl::unexpected(unreadable_source(
        rules_.budget.is_spent()
            ? "takes too long to compare with its patterns (" + std::to_string(directories_read_) +
                  " directories were read): make its ignore files, include and exclude shorter, or "
                  "leave out whole directories"
            : "was not read to its end, because sessync stops"));
  }
  if (files_ > rules_.most_files) {
    out_->issues.clear();
    out_->too_many = files_;
  }
  return {};
}

/// A file, or what would be one, was found.
bool TreeWalk::may_keep_one() { return ++files_ <= rules_.most_files; }

void TreeWalk::add_issue(ports::ScanIssue issue) {
  if (may_keep_one()) out_->issues.push_back(std::move(issue));
}

/// The ignore files on the way to the source count too, and may ignore all of it.
tl::expected<bool, ports::SourceUnavailable> TreeWalk::is_ignored_from_above() {
  for (std::size_t end = 0; !source_.empty() && end != std::string::npos;) {
    const Status pushed = push_ignores(source_.substr(0, end));
    if (!pushed) return tl::unexpected(pushed.error());
    end = source_.find('/', end + 1);
    if (ignores_.ignores(source_.substr(0, end), true)) return true;
  }
  return false;
}

TreeWalk::Status TreeWalk::push_ignores(const std::string& directory) {
  auto own = rules_.ignore_files.load(root_, directory, rules_.budget);
  if (!own) return tl::unexpected(unreadable_source(own.error()));
  std::optional<IgnoreText> git;
  if (rules_.gitignore) {
    auto text = rules_.ignore_files.load(root_, directory, rules_.budget, kGitIgnoreFileName);
    if (!text) return tl::unexpected(unreadable_source(text.error()));
    git = std::move(*text);
  }
  if (ignores_.bytes() + own->bytes + (git ? git->bytes : 0) > kMaxIgnoreBytesInForce) {
    return tl::unexpected(unreadable_source("the ignore files on the way to " +
                                            manifest::printable(directory) +
                                            " are larger than 512 KiB together"));
  }
  ignores_.push(directory, std::move(*own), std::move(git));
  return {};
}

TreeWalk::Status TreeWalk::open_source() {
  const auto fd = root_.open_at(source_, O_RDONLY | O_DIRECTORY, os::Beneath::Links::kRefuse);
  Frame frame;
  if (const int error = fd ? read_entries(fd->get(), frame) : fd.error(); error != 0) {
    return tl::unexpected(
        unreadable_source("the directory cannot be read (" + os::error_text(error) + ")"));
  }
  // A note about the source itself means that its ignore file could not be read.
  if (std::ranges::find(out_->unreadable_directories, "") != out_->unreadable_directories.end()) {
    out_->unreadable_directories.clear();
    return tl::unexpected(unreadable_source(out_->warnings.back()));
  }
  frames_.push_back(std::move(frame));
  return {};
}

void TreeWalk::open_directory(const std::string& directory) {
  const auto fd =
      root_.open_at(below_root(directory), O_RDONLY | O_DIRECTORY, os::Beneath::Links::kRefuse);
  struct stat status{};
  if (fd && ::fstat(fd->get(), &status) == 0 && is_own_secret(directory, FileStamp::of(status))) {
    return leave_out({directory, true, ports::LeftOut::Rule::kOwnSecret});
  }
  Frame frame{.directory = directory, .entries = {}, .next = 0};
  const int error = fd ? read_entries(fd->get(), frame) : fd.error();
  if (error != 0 && !os::is_absence(error)) note_unreadable(directory, os::error_text(error));
  if (fd) frames_.push_back(std::move(frame));
}

void TreeWalk::hand_out(const OnFile& on_file) {
  while (!frames_.empty() && !rules_.budget.is_over()) {
    Frame& frame = frames_.back();
    if (frame.next == frame.entries.size()) {
      frames_.pop_back();
      ignores_.pop();
      continue;
    }
    Entry entry = std::move(frame.entries[frame.next++]);
    std::string path = os::join_path(frame.directory, entry.name);
    visit(std::move(entry), std::move(path), on_file);
  }
}

void TreeWalk::visit(Entry entry, std::string path, const OnFile& on_file) {
  if (entry.is_directory) return open_directory(path);
  std::string location = entry.is_link ? std::move(entry.location) : below_root(path);
  on_file({.path = std::move(path),
           .location = std::move(location),
           .is_link = entry.is_link,
           .executable = entry.executable,
           .stamp = entry.stamp});
}

tl::unexpected<int> TreeWalk::failed(int error) const {
  root_.note(error);
  return tl::unexpected(error);
}

tl::expected<std::vector<TreeWalk::Name>, int> TreeWalk::read_names(int fd) {
  // fdopendir takes the descriptor over; the caller keeps its own to look at the entries with.
  os::UniqueFd own(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!own) return failed(errno);
  const os::DirectoryStream directory(::fdopendir(own.release()));
  if (!directory) return failed(errno);
  ++directories_read_;
  os::beat();
  std::vector<Name> names;
  for (errno = 0; const dirent* entry = ::readdir(directory.get()); errno = 0) {
    const std::string_view name = static_cast<const char*>(entry->d_name);
    if (name != "." && name != "..") names.push_back({std::string(name), entry->d_type});
  }
  if (errno != 0 && errno != ENOENT) return failed(errno);
  for (Name& name : names) {
    if (name.type == DT_UNKNOWN) name.type = type_of(fd, name.text.c_str());
  }
  std::ranges::sort(names, ByPath());
  return names;
}

/// Pushes one level of ignore patterns if it succeeds. The error is an errno.
int TreeWalk::read_entries(int fd, Frame& frame) {
  const auto names = read_names(fd);
  ignores_.push(below_root(frame.directory), {});
  if (!names) return names.error();
  const auto has = [&](std::string_view name) {
    return std::ranges::find(*names, name, &Name::text) != names->end();
  };
  if (has(kIgnoreFileName) || (rules_.gitignore && has(kGitIgnoreFileName))) {
    ignores_.pop();
    if (const Status pushed = push_ignores(below_root(frame.directory)); !pushed) {
      ignores_.push("", {});
      note_unreadable(frame.directory, pushed.error().message);
      return 0;
    }
  }
  std::string path = frame.directory;
  if (!path.empty()) path += '/';
  const std::size_t prefix = path.size();
  for (const Name& name : *names) {
    if (!rules_.budget.spend(1)) break;
    path.replace(prefix, std::string::npos, name.text);
    classify(fd, path, name, frame);
  }
  return 0;
}

void TreeWalk::classify(int fd, const std::string& path, const Name& name, Frame& frame) {
  os::beat();
  if (name.type == DT_UNKNOWN) return classify_unknown(fd, path, name);
  if (name.type == DT_LNK) return classify_link(path, name, frame);
  const bool is_directory = name.type == DT_DIR;
  const Choice choice = choose(path, is_directory);
  if (!choice.selected) return;
  if (is_directory && choice.taken()) {
    frame.entries.push_back({.name = name.text, .is_directory = true, .location = {}, .stamp = {}});
  } else if (choice.left_out) {
    if (is_directory || name.type == DT_REG) leave_out({path, is_directory, *choice.left_out});
  } else if (name.type == DT_REG) {
    classify_file(fd, path, name, frame);
  } else {
    warn(path,
         "is " + name_of_type(name.type) + "; only regular files can be mounted, it is skipped");
  }
}

/// Gone before it could be asked, or it cannot be asked: then it may be a file as well as a
/// directory.
void TreeWalk::classify_unknown(int fd, const std::string& path, const Name& name) {
  struct stat status{};
  if (::fstatat(fd, name.text.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    // It can be asked now: the next pass will.
    add_issue({path, ports::ScanIssue::Kind::kUnreadable, "could not be looked at"});
    if (enters(path)) note_unreadable(path, "could not be looked at");
  } else if (!os::is_absence(errno)) {
    root_.note(errno);
    const std::string why = os::error_text(errno);
    if (takes(path)) {
      add_issue({path, ports::ScanIssue::Kind::kUnreadable, "cannot be looked at (" + why + ")"});
    }
    if (enters(path)) note_unreadable(path, why);
  }
}

void TreeWalk::classify_file(int fd, const std::string& path, const Name& name, Frame& frame) {
  struct stat status{};
  if (::fstatat(fd, name.text.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (os::is_absence(errno)) return;
    root_.note(errno);
    const std::string why = "cannot be looked at (" + os::error_text(errno) + ")";
    add_issue({path, ports::ScanIssue::Kind::kUnreadable, why});
  } else if (is_own_secret(path, FileStamp::of(status))) {
    leave_out({path, false, ports::LeftOut::Rule::kOwnSecret});
  } else if (S_ISREG(status.st_mode)) {
    add_file(path,
             {.name = name.text,
              .executable = is_executable(status),
              .location = {},
              .stamp = FileStamp::of(status)},
             frame);
  }
}

void TreeWalk::classify_link(const std::string& path, const Name& name, Frame& frame) {
  const Choice as_file = choose(path, false);
  if (as_file.selected && as_file.left_out) return leave_out({path, false, *as_file.left_out});
  if (!as_file.taken() && !enters(path)) return;
  auto target = resolve_link(path);
  if (!target) {
    const LinkProblem& problem = target.error();
    if ((problem.unreadable || problem.not_allowed) && as_file.taken()) {
      const auto kind = problem.not_allowed ? ports::ScanIssue::Kind::kNotAllowed
                                            : ports::ScanIssue::Kind::kUnreadable;
      add_issue({path, kind, problem.what});
    } else if (!problem.what.empty()) {
      warn(path, problem.what + "; it is skipped");
    }
    if (problem.excluded && as_file.taken()) {
      leave_out({path, false, problem.excluded->rule, problem.excluded->name});
    }
  } else if (as_file.taken()) {
    add_file(path,
             {.name = name.text,
              .is_link = true,
              .executable = target->executable,
              .location = std::move(target->location),
              .stamp = target->stamp},
             frame);
  }
}

/// Ignore files are sessync's own: nobody misses them.
void TreeWalk::leave_out(ports::LeftOut what) {
  if (os::base_name(what.path) == kIgnoreFileName) return;
  out_->left_out_is_cut = out_->left_out.size() >= kMostLeftOut;
  if (!out_->left_out_is_cut) out_->left_out.push_back(std::move(what));
}

void TreeWalk::add_file(const std::string& path, Entry entry, Frame& frame) {
  if (os::is_mountable_name(path)) {
    if (may_keep_one()) frame.entries.push_back(std::move(entry));
    return;
  }
  add_issue({path, ports::ScanIssue::Kind::kInvalidName,
             "the name " + manifest::printable(path) +
                 " is not UTF-8 or has control characters and cannot be a mount "
                 "path; rename it or exclude it"});
}

tl::expected<LinkTarget, LinkProblem> TreeWalk::resolve_link(std::string_view path) {
  const std::string link = below_root(path);
  const auto fd = root_.open_at(link, O_PATH, os::Beneath::Links::kFollow);
  struct stat status{};
  if (!fd || ::fstat(fd->get(), &status) != 0) {
    return link_problem(link, fd ? errno : fd.error());
  }
  if (S_ISDIR(status.st_mode)) return skipped("is a symlink to a directory");
  if (!S_ISREG(status.st_mode)) {
    const auto type = static_cast<unsigned char>(IFTODT(status.st_mode));
    return skipped("is a symlink to " + name_of_type(type));
  }
  auto location = root_.path_of(fd->get());
  if (!location) {
    return tl::unexpected(LinkProblem{"is a symlink to something that cannot be located", true});
  }
  if (!os::lies_in(*location, rules_.confined_to)) {
    return tl::unexpected(
        LinkProblem{.what = outside_text(link, rules_.confined_to), .not_allowed = true});
  }
  if (auto problem = refused(path, *location, status)) return tl::unexpected(std::move(*problem));
  return LinkTarget{.location = std::move(*location),
                    .stamp = FileStamp::of(status),
                    .executable = is_executable(status)};
}

tl::unexpected<LinkProblem> TreeWalk::link_problem(const std::string& link, int error) const {
  if (!is_broken_link(error)) return tl::unexpected(LinkProblem{broken_link(error), true});
  const auto itself = root_.open_at(link, O_PATH | O_NOFOLLOW, os::Beneath::Links::kFollow);
  if (itself) return skipped(broken_link(error));
  if (os::is_absence(itself.error())) return skipped("");
  return tl::unexpected(LinkProblem{broken_link(itself.error()), true});
}

/// Why a link may not lead to a file that is there.
std::optional<LinkProblem> TreeWalk::refused(std::string_view link, const std::string& location,
                                             const struct stat& status) {
  const std::string what = "is a symlink to " + manifest::printable(location) + ", which ";
  if (auto excluded = exclusion_of(location, status)) {
    return LinkProblem{.what = what + "is never mirrored", .excluded = std::move(excluded)};
  }
  const auto refusal = links_.refusal(link, location);
  if (!refusal)
    return LinkProblem{.what = what + "cannot be judged: " + refusal.error(), .unreadable = true};
  if (!*refusal) return std::nullopt;
  const bool is_outside = **refusal == ports::LeftOut::Rule::kLinkOutside;
  return LinkProblem{
      .what = what + (is_outside ? "is not in the same source (\"links: workspace\" "
                                   "would let it through)"
                                 : "the entry's patterns or an ignore file keep out"),
      .excluded = TargetExclusion{.rule = **refusal, .name = location}};
}

/// Of what a link leads to.
std::optional<TargetExclusion> TreeWalk::exclusion_of(const std::string& location,
                                                      const struct stat& status) const {
  if (rules_.secrets.covers(location) || rules_.secrets.is(status.st_dev, status.st_ino)) {
    return TargetExclusion{.rule = ports::LeftOut::Rule::kOwnSecret, .name = {}};
  }
  const std::string_view name = os::base_name(location);
  if (rules_.manifests.contains(location) && !rules_.filter.asks_for(name)) {
    return TargetExclusion{.rule = ports::LeftOut::Rule::kUsual, .name = std::string(name)};
  }
  const bool inside = !source_.empty() && location.starts_with(source_ + "/");
  return target_exclusion(rules_.filter,
                          std::string_view(location).substr(inside ? source_.size() + 1 : 0));
}

/// What the patterns or an ignore file do not want is not left out by a default exclusion.
TreeWalk::Choice TreeWalk::choose(const std::string& path, bool is_directory) const {
  if (!rules_.filter.selects(path, is_directory)) return {};
  const bool free =
      source_.empty() ? is_free(path, is_directory) : is_free(below_root(path), is_directory);
  if (!free) return {};
  return {.selected = true, .left_out = rules_.filter.exclusion(path, is_directory)};
}

/// Of `path` the name counts as well: what has it may have been replaced since it was looked up.
bool TreeWalk::is_own_secret(const std::string& path, const FileStamp& stamp) const {
  return !rules_.secrets.none() &&
         (rules_.secrets.is(stamp.device, stamp.inode) || rules_.secrets.names(below_root(path)));
}

bool TreeWalk::is_free(const std::string& full, bool is_directory) const {
  const bool is_manifest = !is_directory && rules_.manifests.contains(full) &&
                           !rules_.filter.asks_for(os::base_name(full));
  return !is_manifest && !ignores_.ignores(full, is_directory);
}

std::string TreeWalk::below_root(std::string_view path) const {
  return os::join_path(source_, path);
}

void TreeWalk::note_unreadable(const std::string& directory, const std::string& why) {
  out_->unreadable_directories.push_back(directory);
  warn(directory, "cannot be read (" + why + "); what is mounted from there stays as it is");
}

void TreeWalk::warn(std::string_view path, const std::string& what) {
  if (out_->warnings.size() > kMostWarnings) return;
  if (out_->warnings.size() == kMostWarnings) {
    out_->warnings.push_back("more than " + std::to_string(kMostWarnings) +
                             " files and directories were skipped; the rest is not named");
    return;
  }
  const std::string full = below_root(path);
  out_->warnings.push_back((full.empty() ? "the workspace" : manifest::printable(full)) + " " +
                           what);
}

}  // namespace sessync::workspace
