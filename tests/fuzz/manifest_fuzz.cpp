// Any text as a manifest: loading it ends, says where it is wrong, and accepts only what the rest
// of sessync may rely on. What was loaded and can be written reads back as the same.

#include <algorithm>
#include <set>
#include <tuple>

#include "manifest/load.h"
#include "manifest/mount_path.h"
#include "manifest/text/text.h"
#include "manifest/write/write.h"
#include "tests/fuzz/fuzz_input.h"

namespace sessync::fuzz {
namespace {

void check_problems(const manifest::ManifestFile& file, std::string_view text) {
  const auto lines =
      std::count(text.begin(), text.end(), '\n') + std::count(text.begin(), text.end(), '\r') + 2;
  for (const manifest::Problem& problem : file.problems) {
    require(problem.at.line >= 0 && problem.at.line <= lines, "a problem is in the file");
    require(!problem.code.empty(), "a problem has a code");
    require(!manifest::has_control_character(problem.message), "no message writes to a terminal");
    require(!manifest::first_invalid_utf8(problem.message), "a message is UTF-8");
  }
  require(std::is_sorted(file.problems.begin(), file.problems.end(),
                         [](const manifest::Problem& left, const manifest::Problem& right) {
                           return std::tie(left.at.line, left.at.column) <
                                  std::tie(right.at.line, right.at.column);
                         }),
          "problems are sorted");
}

/// A path below the workspace: relative, clean, and never out of it.
void check_source(const std::string& source, bool may_be_empty) {
  require(may_be_empty || !source.empty(), "a source is given");
  require(!source.starts_with('/') && !source.ends_with('/'), "a source is relative and clean");
  require(source.find('\0') == std::string::npos, "a source has no NUL");
  const std::string framed = "/" + source + "/";
  require(framed.find("/../") == std::string::npos, "no source leaves the workspace");
  require(source.empty() || framed.find("/./") == std::string::npos, "a source is clean");
  require(source.empty() || framed.find("//") == std::string::npos, "a source is clean");
}

void check_mount(const std::string& mount, bool may_be_root) {
  require(!manifest::mount_path_problem(mount, may_be_root),
          "a mount path is one that may be sent");
  const manifest::MountPath canonical = manifest::MountPath::of_file(mount);
  require(canonical.text().starts_with('/'), "a canonical path is absolute");
  require(canonical == manifest::MountPath::of_file(manifest::clean_mount_text(mount)),
          "cleaning changes no mount");
}

void check_resource(const manifest::ResourceSpec& resource) {
  if (const auto* const file = std::get_if<manifest::FileResource>(&resource.what)) {
    check_source(file->source, false);
    check_mount(file->mount_path, false);
  } else if (const auto* const directory =
                 std::get_if<manifest::DirectoryResource>(&resource.what)) {
    check_source(directory->source, true);
    check_mount(directory->mount_path, true);
  } else if (const auto* const archive = std::get_if<manifest::ArchiveResource>(&resource.what)) {
    check_source(archive->source, true);
    check_mount(archive->mount_path, false);
  } else if (const auto* const uploaded =
                 std::get_if<manifest::UploadedFileResource>(&resource.what)) {
    require(!uploaded->file_id.empty(), "an uploaded file has an id");
    check_mount(uploaded->mount_path, false);
  } else if (const auto* const repository =
                 std::get_if<manifest::RepositoryResource>(&resource.what)) {
    require(repository->url.starts_with("https://github.com/"), "a repository is at GitHub");
    require(!manifest::has_control_character(repository->url), "a URL is one line");
  }
}

void check_session(const manifest::SessionSpec& session) {
  require(!session.name.empty() && !manifest::has_control_character(session.name),
          "a session has a name");
  require(session.session_id.has_value() != session.create.has_value(),
          "exactly one of session_id and create");
  require(session.interval.count() > 0, "a session is looked at now and then");
  require(!session.max_deletes.is_percentage || session.max_deletes.value <= 100,
          "a percentage is at most 100");
  for (const manifest::ResourceSpec& resource : session.resources) check_resource(resource);
  if (session.outputs) check_source(session.outputs->destination, true);
}

bool check_names(const manifest::ManifestFile& file) {
  std::set<std::string> names;
  for (const manifest::SessionSpec& session : file.sessions) {
    require(names.insert(session.name).second, "no two sessions of a file have one name");
    check_session(session);
  }
  return !file.sessions.empty();
}

std::optional<manifest::WrittenResource> writable(const manifest::ResourceSpec& resource) {
  if (const auto* const file = std::get_if<manifest::UploadedFileResource>(&resource.what))
    return *file;
  if (const auto* const store = std::get_if<manifest::MemoryStoreResource>(&resource.what))
    return *store;
  if (const auto* const repository = std::get_if<manifest::RepositoryResource>(&resource.what)) {
    return *repository;
  }
  return std::nullopt;
}

std::optional<manifest::WrittenSession> writable(const manifest::SessionSpec& session) {
  if (!session.session_id) return std::nullopt;
  manifest::WrittenSession written{
      {session.name}, session.name, *session.session_id, session.max_files, {}};
  for (const manifest::ResourceSpec& resource : session.resources) {
    const auto what = writable(resource);
    if (what) written.entries.push_back({{}, *what, {}});
  }
  return written;
}

/// What stands for a resource in the comparison.
std::string shown(const manifest::WrittenResource& resource) {
  if (const auto* const file = std::get_if<manifest::UploadedFileResource>(&resource)) {
    return "file " + file->file_id + "\n" + file->mount_path;
  }
  if (const auto* const store = std::get_if<manifest::MemoryStoreResource>(&resource)) {
    return "store " + store->memory_store_id + "\n" + store->access + "\n" +
           store->instructions.value_or("-");
  }
  const auto& repository = std::get<manifest::RepositoryResource>(resource);
  std::string text = "repository " + repository.url + "\n" + repository.mount_path;
  if (!repository.checkout) return text;
  if (const auto* const branch = std::get_if<manifest::BranchCheckout>(&*repository.checkout)) {
    return text + "\nbranch " + branch->name;
  }
  return text + "\ncommit " + std::get<manifest::CommitCheckout>(*repository.checkout).sha;
}

void check_same(const manifest::WrittenSession& session, const manifest::SessionSpec& read) {
  require(session.name == read.name && session.session_id == read.session_id,
          "a written session keeps its names");
  require(session.max_files == read.max_files, "a written session keeps max_files");
  require(session.entries.size() == read.resources.size(), "a written session keeps its entries");
  for (std::size_t i = 0; i < read.resources.size(); ++i) {
    const auto again = writable(read.resources[i]);
    require(again && shown(*session.entries[i].resource) == shown(*again),
            "a written resource reads back as itself");
  }
}

void check_round_trip(const manifest::ManifestFile& file) {
  manifest::WrittenManifest manifest{{}, file.owner, {}};
  for (const manifest::SessionSpec& session : file.sessions) {
    if (auto written = writable(session)) manifest.sessions.push_back(std::move(*written));
  }
  if (manifest.sessions.empty()) return;
  const auto again =
      manifest::load_manifest_file({"m.yaml", manifest::write_manifest(manifest).text, ""});
  require(again.valid(), "a written manifest is valid");
  require(again.owner == file.owner, "a written manifest keeps its owner");
  require(again.sessions.size() == manifest.sessions.size(), "a written manifest keeps sessions");
  for (std::size_t i = 0; i < manifest.sessions.size(); ++i) {
    check_same(manifest.sessions[i], again.sessions[i]);
  }
}

/// Two files of one set, the second after the first.
void check_set(const std::string& text) {
  const auto half = text.find("\n---8<---\n");
  if (half == std::string::npos) return;
  const std::vector<manifest::ManifestText> texts = {{"a.yaml", text.substr(0, half), ""},
                                                     {"b.yaml", text.substr(half + 10), ""}};
  const manifest::Manifest set = load_manifest(texts);
  std::set<std::string> names;
  std::set<std::string> ids;
  for (const manifest::SessionSpec& session : set.sessions()) {
    require(names.insert(session.name).second, "no two sessions of a set have one name");
    const bool own = !session.session_id || ids.insert(*session.session_id).second;
    require(own, "no two sessions of a set have one id");
  }
  const manifest::Manifest later =
      manifest::load_manifest({{"a.yaml", "version: 1\nsessions: [", ""}, texts[1]}, set);
  require(later.sessions().size() >= set.files.at(0).sessions.size(),
          "a file that turns bad keeps its last good version");
}

}  // namespace
}  // namespace sessync::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sessync;
  const std::string text(fuzz::Input(data, size).rest());
  const manifest::ManifestFile file = manifest::load_manifest_file({"m.yaml", text, ""});
  fuzz::check_problems(file, text);
  fuzz::require(file.valid() || file.sessions.empty(), "a bad file declares nothing");
  if (fuzz::check_names(file)) fuzz::check_round_trip(file);
  fuzz::check_set(text);
  return 0;
}
