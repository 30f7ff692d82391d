#include "reconciler/import/import.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "manifest/load.h"
#include "manifest/text/text.h"
#include "manifest/write/write.h"
#include "reconciler/limits.h"
#include "reconciler/observe/marker_reader.h"

namespace sessync::importer {
namespace {

constexpr const char* kNoOwner = "imported";
constexpr std::size_t kMaxName = 63;

/// "" if the title makes no name.
std::string name_from_title(const std::optional<std::string>& title) {
  std::string name = title.value_or("");
  std::ranges::replace(name, ' ', '-');
  const bool is_name = name.size() <= kMaxName && manifest::consists_of_alnum_or(name, "._-") &&
                       name.find_first_not_of('.') != name.npos;
  return is_name ? name : "";
}

manifest::WrittenEntry comment(const std::string& text) { return {{text}, std::nullopt, {}}; }

manifest::WrittenEntry entry_of(const ports::FileRow& row) {
  return {{}, manifest::UploadedFileResource{row.file_id, row.mount_path}, {}};
}

manifest::WrittenEntry entry_of(const ports::RepositoryRow& row) {
  manifest::RepositoryResource repository;
  repository.url = row.url;
  repository.mount_path = row.mount_path;
  if (row.commit) {
    repository.checkout = manifest::CommitCheckout{*row.commit};
  } else if (row.branch) {
    repository.checkout = manifest::BranchCheckout{*row.branch};
  }
  return {{},
          std::move(repository),
          {"Its token is never listed. To have it rotated, say where a new one comes from:",
           "authorization_token: {env: GITHUB_TOKEN}"}};
}

manifest::WrittenEntry entry_of(const ports::MemoryStoreRow& row) {
  return {{}, manifest::MemoryStoreResource{row.memory_store_id, row.access, row.instructions}, {}};
}

manifest::WrittenEntry entry_of(const ports::OpaqueRow& row) {
  const std::string at = row.mount_path.empty() ? "" : " at " + row.mount_path;
  const std::string id = row.resource_id.empty() ? "" : " (" + row.resource_id + ")";
  if (row.type == "file") {
    return comment("A file" + id +
                   " of which the API does not say where it is mounted: it is left alone.");
  }
  return comment("A resource of type " + row.type + at + id +
                 ": this version does not know the type and leaves it alone.");
}

/// Repositories come before files, so that of the two on one path the file becomes the comment: it
/// can be declared again, a repository is there for good.
std::pair<std::size_t, std::string> order_of(const ports::ResourceRow& row) {
  constexpr std::size_t kFiles = 2;
  if (const auto* file = std::get_if<ports::FileRow>(&row)) return {kFiles, file->mount_path};
  if (const auto* repository = std::get_if<ports::RepositoryRow>(&row))
    return {0, repository->mount_path};
  if (const auto* store = std::get_if<ports::MemoryStoreRow>(&row))
    return {1, store->memory_store_id};
  return {kFiles + 1, std::get<ports::OpaqueRow>(row).mount_path};
}

/// What a resource is called in a comment. Not by its URL: a password may be in it.
struct Shown {
  std::string operator()(const manifest::UploadedFileResource& file) const {
    return "The file " + file.file_id + " at " + file.mount_path;
  }
  std::string operator()(const manifest::RepositoryResource& repository) const {
    return "The repository at " + repository.mount_path;
  }
  std::string operator()(const manifest::MemoryStoreResource& store) const {
    return "The memory store " + store.memory_store_id;
  }
};

class Importer {
 public:
  Importer(const std::vector<LiveSession>& sessions, const ports::MarkerRules* markers)
      : sessions_(sessions), reader_(markers) {
    manifest_.above = {
        "Written by sessync import: what these sessions held, as it was listed.",
        "Each file_id is that of a session's own copy; write a source in its place to mirror a "
        "file of the workspace."};
    manifest_.sessions.reserve(sessions.size());
  }

  ImportedManifest run() {
    for (const LiveSession& session : sessions_) add(session);
    manifest_.owner = owners_.size() == 1 ? *owners_.begin() : kNoOwner;
    manifest::WrittenText written = manifest::write_manifest(manifest_);
    std::vector<manifest::Problem> faults = faults_of(written);
    while (withdraw(written, faults)) {
      written = manifest::write_manifest(manifest_);
      faults = faults_of(written);
    }
    return {std::move(written.text), messages(faults)};
  }

 private:
  void add(const LiveSession& live) {
    manifest::WrittenSession& session = manifest_.sessions.emplace_back();
    session.session_id = live.info.session_id;
    session.name = name_of(live.info);
    if (live.info.title && *live.info.title != session.name) session.above = {*live.info.title};
    std::vector<ports::ResourceRow> rows = live.rows;
    std::ranges::stable_sort(rows, {}, order_of);
    session.entries.reserve(rows.size());
    for (const ports::ResourceRow& row : rows) {
      session.entries.push_back(std::visit([](const auto& each) { return entry_of(each); }, row));
    }
    session.max_files = max_files(live.rows);
    learn_owners(live);
  }

  std::string name_of(const ports::SessionInfo& info) {
    std::string name = name_from_title(info.title);
    if (name.empty() || names_.contains(name)) name = info.session_id;
    names_.insert(name);
    return name;
  }

  static std::optional<std::uint64_t> max_files(const std::vector<ports::ResourceRow>& rows) {
    const auto files =
        static_cast<std::uint64_t>(std::ranges::count_if(rows, [](const ports::ResourceRow& row) {
          return std::holds_alternative<ports::FileRow>(row);
        }));
    if (files <= reconciler::kUsualMaxFiles) return std::nullopt;
    return std::max(files, reconciler::kLargerMaxFiles);
  }

  void learn_owners(const LiveSession& live) {
    std::map<std::string, std::string> owners;
    for (const ports::FileMetadata& file : live.files) {
      if (const auto marker = reader_.read(file.filename).marker)
        owners[file.file_id] = marker->owner;
    }
    for (const ports::ResourceRow& row : live.rows) {
      const auto* file = std::get_if<ports::FileRow>(&row);
      if (file == nullptr || !owners.contains(file->file_id)) continue;
      owners_.insert(owners.at(file->file_id));
      marked_.insert(file->file_id);
    }
  }

  static std::vector<manifest::Problem> faults_of(const manifest::WrittenText& written) {
    std::vector<manifest::Problem> faults =
        manifest::load_manifest_file({"import", written.text, ""}).problems;
    std::erase_if(faults, [](const manifest::Problem& problem) {
      return problem.severity != manifest::Problem::Severity::kError;
    });
    return faults;
  }

  /// Turns every resource that has a fault into a comment. False: no fault is a resource's.
  bool withdraw(const manifest::WrittenText& written,
                const std::vector<manifest::Problem>& faults) {
    bool any = false;
    for (const manifest::Problem& fault : faults) {
      manifest::WrittenEntry* const entry = entry_at(written, fault.at.line);
      if (entry == nullptr || !entry->resource) continue;
      const auto* file = std::get_if<manifest::UploadedFileResource>(&*entry->resource);
      if (file != nullptr && marked_.contains(file->file_id)) manifest_.owner = kNoOwner;
      *entry =
          comment(std::visit(Shown{}, *entry->resource) + " cannot be declared: " + fault.message);
      any = true;
    }
    return any;
  }

  manifest::WrittenEntry* entry_at(const manifest::WrittenText& written, int line) {
    for (std::size_t i = 0; i < manifest_.sessions.size(); ++i) {
      const std::vector<int>& lines = written.entry_lines[i];
      if (line < lines.front() || line >= lines.back()) continue;
      const auto next = std::ranges::upper_bound(lines, line);
      return &manifest_.sessions[i].entries[static_cast<std::size_t>(next - lines.begin()) - 1];
    }
    return nullptr;
  }

  static std::vector<std::string> messages(const std::vector<manifest::Problem>& faults) {
    std::vector<std::string> all;
    all.reserve(faults.size());
    for (const manifest::Problem& fault : faults) {
      all.push_back("line " + std::to_string(fault.at.line) + ": " + fault.message);
    }
    return all;
  }

  const std::vector<LiveSession>& sessions_;
  const observe::MarkerReader reader_;
  manifest::WrittenManifest manifest_;
  std::set<std::string> names_;
  std::set<std::string> owners_;
  std::set<std::string> marked_;  ///< the copies that have a marker
};

}  // namespace

ImportedManifest import_sessions(const std::vector<LiveSession>& sessions,
                                 const ports::MarkerRules* markers) {
  return Importer(sessions, markers).run();
}

}  // namespace sessync::importer
