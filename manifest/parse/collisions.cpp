#include <map>

#include "manifest/mount_path.h"
#include "manifest/parse/path_table.h"
#include "manifest/parse/resources.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

struct MountedAt {
  std::optional<MountPath> operator()(const FileResource& file) const {
    return MountPath::of_file(file.mount_path);
  }
  std::optional<MountPath> operator()(const ArchiveResource& archive) const {
    return MountPath::of_file(archive.mount_path);
  }
  std::optional<MountPath> operator()(const UploadedFileResource& file) const {
    return MountPath::of_file(file.mount_path);
  }
  std::optional<MountPath> operator()(const RepositoryResource& repository) const {
    return MountPath::literal(repository.mount_path);
  }
  std::optional<MountPath> operator()(const DirectoryResource& /*files*/) const { return {}; }
  std::optional<MountPath> operator()(const MemoryStoreResource& /*store*/) const { return {}; }
};

class CollisionCheck {
 public:
  explicit CollisionCheck(Report& report) : report_(report) {}

  void add(const ResourceDraft& resource) {
    if (const auto path = std::visit(MountedAt{}, resource.spec.what)) add_path(resource, *path);
    if (const auto* store = std::get_if<MemoryStoreResource>(&resource.spec.what)) {
      add_store(resource, store->memory_store_id);
    }
  }

 private:
  void add_path(const ResourceDraft& resource, const MountPath& path) {
    const auto& place = resource.spec.at;
    const auto other = paths_.overlap(path.text());
    if (!other) return paths_.add(path.text(), report_.locate(resource.mount_at));
    const auto there = describe_place(other->at, place.file);
    const std::string relation = other->path == path.text()
                                     ? "is already the place of the entry in "
                                     : "lies above or below " + quoted(other->path) + " of ";
    report_.error(resource.mount_at, "mount_path_collision",
                  "the mount path " + quoted(path.text()) + " " + relation + there +
                      ": a session can hold only one of the two");
  }

  void add_store(const ResourceDraft& resource, const std::string& id) {
    if (id.empty()) return;
    const auto [first, is_new] = stores_.emplace(id, resource.spec.at);
    if (is_new) return;
    report_.error(resource.mount_at, "duplicate_memory_store",
                  "the memory store " + quoted(id) + " is already attached in " +
                      describe_place(first->second, resource.spec.at.file));
  }

  Report& report_;
  PathTable paths_;
  std::map<std::string, Location> stores_;
};

}  // namespace

void check_collisions(const std::vector<ResourceDraft>& resources, Report& report) {
  CollisionCheck check(report);
  for (const auto& resource : resources) check.add(resource);
}

}  // namespace sessync::manifest
