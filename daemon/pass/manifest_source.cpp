#include "daemon/pass/manifest_source.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <tl/expected.hpp>
#include <unistd.h>

#include "daemon/os/beneath.h"
#include "daemon/os/directory_stream.h"
#include "daemon/os/os_error.h"
#include "daemon/os/path_text.h"
#include "daemon/os/patient_read.h"

namespace sessync::runner {
namespace {

namespace fs = std::filesystem;

bool is_manifest_name(const fs::path& path) {
  const auto name = path.filename().string();
  const auto extension = path.extension();
  return name.front() != '.' && (extension == ".yaml" || extension == ".yml");
}

/// The whole stream, but at most one byte more than the limit, so that the loader can refuse what
/// is too large. Takes no more memory than it holds: texts are kept for as long as they are in
/// force.
std::string read_limited(std::istream& stream) {
  std::array<char, 16384> block{};
  std::string text;
  while (stream && text.size() <= manifest::kMaxManifestBytes) {
    const auto room = std::min(block.size(), manifest::kMaxManifestBytes + 1 - text.size());
    stream.read(block.data(), static_cast<std::streamsize>(room));
    text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
  }
  text.shrink_to_fit();
  return text;
}

/// A shell's <(command), or a mistake: opening it must not wait for ever.
void read_pipe(manifest::ManifestText& file) {
  constexpr std::chrono::seconds kWriterWithin{5};
  file.text.resize(manifest::kMaxManifestBytes + 1);
  file.read_error = os::read_patiently(file.path, file.text, kWriterWithin);
  file.text.shrink_to_fit();
}

/// As much of it as read_limited() takes; the error is an errno.
tl::expected<std::string, int> read_limited(int fd) {
  std::array<char, 16384> block{};
  std::string text;
  while (text.size() <= manifest::kMaxManifestBytes) {
    const auto room = std::min(block.size(), manifest::kMaxManifestBytes + 1 - text.size());
    const auto got = ::read(fd, block.data(), room);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return tl::unexpected(errno);
    if (got == 0) break;
    text.append(block.data(), static_cast<std::size_t>(got));
  }
  text.shrink_to_fit();
  return text;
}

/// A file of a directory of manifests: what others put there leads to nothing outside of it.
void read_beneath(const os::Beneath& directory, manifest::ManifestText& file) {
  const auto name = fs::path(file.path).filename().string();
  // Non-blocking: what was a file when the directory was listed may be a pipe by now.
  const auto opened =
      directory.open_at(name, O_RDONLY | O_NOCTTY | O_NONBLOCK, os::Beneath::Links::kFollow);
  if (!opened) {
    file.read_error = opened.error() == EXDEV
                          ? "it leads out of its directory through a symlink, or through an "
                            "absolute one: put the file itself there"
                          : os::error_text(opened.error());
    return;
  }
  struct stat status{};
  if (::fstat(opened->get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    file.read_error = "it is no regular file";
  } else if (auto text = read_limited(opened->get())) {
    file.text = std::move(*text);
  } else {
    file.read_error = os::error_text(text.error());
  }
}

void read_text(manifest::ManifestText& file) {
  std::error_code error;
  if (os::is_pipe(file.path)) {
    return read_pipe(file);
  }
  if (fs::is_directory(file.path, error)) {
    file.read_error = os::error_text(EISDIR);
    return;
  }
  errno = 0;
  std::ifstream stream(file.path, std::ios::binary);
  if (stream) {
    file.text = read_limited(stream);
  }
  if (!stream.is_open() || stream.bad()) {
    file.read_error = errno != 0 ? os::error_text(errno) : "it cannot be opened";
  }
}

/// A link that leads to nothing is a file that cannot be read for now: what it declares stays.
bool is_file_or_lost(const std::string& path) {
  struct stat target{};
  if (::stat(path.c_str(), &target) == 0) return S_ISREG(target.st_mode);
  struct stat link{};
  return ::lstat(path.c_str(), &link) == 0 && S_ISLNK(link.st_mode);
}

}  // namespace

manifest::ManifestText text_of(const std::string& path) {
  manifest::ManifestText text{path, {}, {}};
  read_text(text);
  return text;
}

ManifestSource::ManifestSource(std::string path) : path_(std::move(path)) {
  std::error_code error;
  const auto absolute = fs::absolute(path_, error);
  if (!error) {
    path_ = absolute.lexically_normal().string();
  }
  if (path_.size() > 1 && path_.back() == '/') {
    path_.pop_back();
  }
}

bool ManifestSource::is_directory() const {
  std::error_code error;
  return fs::is_directory(path_, error);
}

std::vector<std::string> ManifestSource::files() const {
  if (!is_directory()) {
    return {path_};
  }
  std::vector<std::string> paths;
  for (const auto& name : os::names_in(path_)) {
    auto path = os::join_path(path_, name);
    if (is_manifest_name(path) && is_file_or_lost(path)) {
      paths.push_back(std::move(path));
    }
  }
  std::ranges::sort(paths);
  return paths;
}

std::vector<manifest::ManifestText> ManifestSource::read() const {
  std::vector<manifest::ManifestText> texts;
  const auto directory = os::Beneath::open(path_);
  for (const auto& file : files()) {
    manifest::ManifestText text{file, {}, {}};
    if (file == path_) {
      read_text(text);
    } else if (directory) {
      read_beneath(*directory, text);
    } else {
      text.read_error = os::error_text(directory.error());
    }
    texts.push_back(std::move(text));
  }
  if (texts.empty()) {
    texts.push_back({path_, {}, "the directory holds no *.yaml or *.yml file"});
  }
  return texts;
}

std::string ManifestSource::default_workspace() const {
  return is_directory() ? path_ : fs::path(path_).parent_path().string();
}

std::string ManifestSource::resolved() const {
  std::error_code error;
  const auto real = fs::canonical(path_, error);
  return error ? std::string() : real.string();
}

}  // namespace sessync::runner
