#include "tests/simulation/workspace.h"

#include <algorithm>
#include <cstring>

#include "daemon/workspace/content/content_error.h"
#include "daemon/workspace/content/verified_reader.h"
#include "tests/double/model/model_types.h"

namespace sessync::simulation {
namespace {

workspace::RawRead from_memory(const std::string& bytes) {
  auto at = std::make_shared<std::size_t>(0);
  return [at, bytes](std::span<char> buffer) -> ssize_t {
    const auto count = std::min(buffer.size(), bytes.size() - *at);
    std::memcpy(buffer.data(), bytes.data() + *at, count);
    *at += count;
    return static_cast<ssize_t>(count);
  };
}

}  // namespace

bool is_within(const std::string& path, const std::string& directory) {
  return directory.empty() || path == directory || path.starts_with(directory + "/");
}

std::int64_t Workspace::stamp_now() const {
  const auto ticks = now_.time_since_epoch() / tick_;
  return std::chrono::nanoseconds(tick_ * ticks).count();
}

void Workspace::note(const std::string& path) {
  history_[path].insert(model::sha256_hex(files_.at(path).bytes));
}

/// A file may take the place of a directory and the other way round.
void Workspace::clear_way(const std::string& path) {
  remove_tree_below(path);
  directories_.erase(path);
  for (auto at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
    files_.erase(path.substr(0, at));
    directories_.insert(path.substr(0, at));
  }
}

void Workspace::remove_tree_below(const std::string& path) {
  std::erase_if(files_, [&](const auto& file) { return file.first.starts_with(path + "/"); });
  std::erase_if(directories_, [&](const auto& below) { return below.starts_with(path + "/"); });
}

void Workspace::store(const std::string& path, std::string bytes, bool in_place) {
  clear_way(path);
  auto& file = files_[path];
  if (!in_place || file.stamp.inode == 0) {
    file.stamp.inode = next_inode_++;
  }
  file.being_written.reset();
  file.stamp.size = bytes.size();
  file.stamp.modified_ns = file.stamp.changed_ns = stamp_now();
  file.bytes = std::move(bytes);
}

void Workspace::write(const std::string& path, std::string bytes) {
  store(path, std::move(bytes), true);
  note(path);
}

void Workspace::begin_write(const std::string& path, std::string bytes) {
  store(path, bytes.substr(0, bytes.size() / 2), true);
  files_[path].being_written = std::move(bytes);
}

void Workspace::end_write(const std::string& path) {
  auto& file = files_.at(path);
  if (file.being_written) {
    write(path, *file.being_written);
  }
}

void Workspace::write_with_old_mtime(const std::string& path, std::string bytes) {
  const auto before = files_[path].stamp.modified_ns;
  write(path, std::move(bytes));
  files_[path].stamp.modified_ns = before;
}

void Workspace::touch(const std::string& path) {
  auto& stamp = files_.at(path).stamp;
  stamp.modified_ns = stamp.changed_ns = stamp_now();
}

void Workspace::rename(const std::string& from, const std::string& onto) {
  end_write(from);
  auto file = std::move(files_.at(from));
  files_.erase(from);
  const auto inode = file.stamp.inode;
  const auto modified = file.stamp.modified_ns;
  store(onto, std::move(file.bytes), false);
  files_[onto].stamp.inode = inode;
  files_[onto].stamp.modified_ns = modified;
  note(onto);
}

void Workspace::swap(const std::string& one, const std::string& other) {
  const std::string between = one + ".swap";
  rename(one, between);
  rename(other, one);
  rename(between, other);
}

void Workspace::remove(const std::string& path) { files_.erase(path); }

void Workspace::remove_tree(const std::string& directory) {
  remove_tree_below(directory);
  files_.erase(directory);
  directories_.erase(directory);
}

void Workspace::heal() {
  lost_.clear();
  locked_.clear();
  for (const auto& path : paths()) {
    end_write(path);
  }
}

std::vector<std::string> Workspace::paths() const {
  std::vector<std::string> result;
  result.reserve(files_.size());
  for (const auto& [path, file] : files_) {
    result.push_back(path);
  }
  return result;
}

bool Workspace::is_being_written(const std::string& path) const {
  const auto found = files_.find(path);
  return found != files_.end() && found->second.being_written;
}

bool Workspace::is_lost(const std::string& path) const {
  return std::ranges::any_of(lost_, [&](const auto& gone) { return is_within(path, gone); });
}
bool Workspace::is_locked(const std::string& path) const {
  return std::ranges::any_of(locked_, [&](const auto& locked) { return is_within(path, locked); });
}

bool Workspace::directory_exists(const std::string& directory) const {
  return !is_lost(directory) && (directory.empty() || directories_.contains(directory));
}

std::optional<std::string> Workspace::bytes(const std::string& path) const {
  const auto found = files_.find(path);
  if (found == files_.end() || is_lost(path) || is_locked(path)) {
    return std::nullopt;
  }
  return found->second.bytes;
}

bool Workspace::ever_held(const std::string& path, const std::string& sha256) const {
  const auto found = history_.find(path);
  return found != history_.end() && found->second.contains(sha256);
}

ports::Result<std::unique_ptr<ports::ContentReader>> Workspace::open(
    const ports::ContentRef& content) {
  if (content.archive) {
    return pack(content);
  }
  const auto now = bytes(content.path);
  if (!now) {
    return tl::unexpected(
        workspace::source_changed(content, content.path, "is not there any more"));
  }
  return std::make_unique<workspace::VerifiedReader>(content, from_memory(*now));
}

ports::Result<std::unique_ptr<ports::ContentReader>> Workspace::pack(
    const ports::ContentRef& content) const {
  for (const auto& member : content.archive->members) {
    const auto now = bytes(content.path + "/" + member.path);
    if (!now || model::sha256_hex(*now) != member.sha256) {
      return tl::unexpected(
          workspace::source_changed(content, member.path, "is not what was planned"));
    }
  }
  auto packed = content;
  const auto text = packed_bytes(content.sha256);
  packed.sha256 = model::sha256_hex(text);
  packed.size = text.size();
  return std::make_unique<workspace::VerifiedReader>(packed, from_memory(text));
}

std::string packed_bytes(const std::string& member_list_sha256) {
  return "packed " + member_list_sha256;
}

}  // namespace sessync::simulation
