#include "daemon/pass/manifest_source.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "daemon/os/os_error.h"
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

}  // namespace

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
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(path_, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (is_manifest_name(it->path()) && it->is_regular_file(ignored)) {
      names.push_back(it->path().string());
    }
  }
  std::ranges::sort(names);
  return names;
}

std::vector<manifest::ManifestText> ManifestSource::read() const {
  std::vector<manifest::ManifestText> texts;
  for (const auto& file : files()) {
    manifest::ManifestText text{file, {}, {}};
    read_text(text);
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
