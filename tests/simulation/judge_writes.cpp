#include <algorithm>

#include "reconciler/observe/marker.h"
#include "tests/simulation/near.h"
#include "tests/simulation/watched_api.h"

/// The promises, as far as a single write can break them.
namespace sessync::simulation {
namespace {

/// "5 are always allowed".
constexpr std::size_t kAlwaysAllowed = 5;

}  // namespace

bool WatchedApi::is_declared_near(const manifest::MountPath& path) const {
  return std::ranges::any_of(desired().files,
                             [&](const auto& file) { return is_near(file.first, path); });
}

bool WatchedApi::is_lost(const manifest::MountPath& path) const {
  return std::ranges::any_of(desired().protected_trees, [&](const auto& tree) {
    return tree.prefix == path || tree.prefix.is_above(path);
  });
}

bool WatchedApi::is_duplicate(const std::string& session_id, const model::Resource& row) const {
  const auto path = manifest::MountPath::of_file(row.mount_path);
  return std::ranges::any_of(world_.model.file_rows(session_id), [&](const auto& other) {
    return other.id != row.id && manifest::MountPath::of_file(other.mount_path) == path &&
           !world_.foreign.contains(other.id);
  });
}

bool WatchedApi::is_ours(const model::Resource& row) const {
  const auto marker = world_.marker_of(row.filename);
  return !world_.foreign.contains(row.id) && marker && marker->owner == input_.owner;
}

/// Something else is in the way.
bool WatchedApi::may_be_blocked(const std::string& session_id,
                                const manifest::MountPath& path) const {
  const auto rows = world_.model.file_rows(session_id);
  return std::ranges::any_of(rows, [&](const auto& row) {
    const auto other = manifest::MountPath::of_file(row.mount_path);
    return is_near(other, path) && (other != path || !is_ours(row));
  });
}

/// Exact bytes: what is attached is something that the declared file once was.
void WatchedApi::judge_add(const ports::AddFile& request) {
  const auto upload = world_.model.get_file(request.file_id);
  const auto marker = upload ? world_.marker_of(upload->filename) : std::nullopt;
  const auto wanted = desired().files.find(manifest::MountPath::of_file(request.mount_path));
  if (!marker || marker->owner != input_.owner || wanted == desired().files.end()) {
    return;
  }
  const auto* local = wanted->second.local();
  const bool is_wanted = local != nullptr && observe::marker_matches(*marker, local->sha256);
  if (is_wanted && local->archive == nullptr &&
      !world_.disk.ever_held(local->path, upload->content.sha256)) {
    world_.violated("exact bytes: " + request.mount_path + " gets what " + local->path +
                    " never was");
  }
  if (is_wanted) {
    judge_secret(*local);
  }
}

/// What has the form of a secret leaves only if the manifest says so, and nothing leaves before
/// that is known.
void WatchedApi::judge_secret(const ports::ContentRef& content) {
  const auto judge = [&](const std::string& path, const std::string& sha256) {
    const auto bytes = world_.disk.bytes(path).value_or("");
    if (bytes.find(secret_text()) != std::string::npos && model::sha256_hex(bytes) == sha256) {
      world_.violated("no secret leaves by accident: " + path + " is sent to " + input_.spec.name);
    }
  };
  if (input_.spec.secrets != manifest::SecretsPolicy::kBlock) {
    return;
  }
  if (content.archive == nullptr) {
    return judge(content.path, content.sha256);
  }
  for (const auto& member : content.archive->members) {
    judge((content.path.empty() ? "" : content.path + "/") + member.path, member.sha256);
  }
}

void WatchedApi::judge_delete(const std::string& session_id, const std::string& resource_id) {
  if (!world_.model.get_session(session_id)) {
    return;
  }
  const auto& rows = world_.model.session(session_id).resources;
  const auto row = std::ranges::find(rows, resource_id, &model::Resource::id);
  if (row == rows.end()) {
    return;
  }
  if (row->type != model::ResourceType::kFile) {
    return world_.violated("only files are ever deleted: " + row->mount_path);
  }
  const auto path = manifest::MountPath::of_file(row->mount_path);
  judge_ownership(*row);
  judge_doubt(session_id, *row);
  if (!is_duplicate(session_id, *row) && !input_.allow_deletes) {
    judge_lost_sources(*row, path);
    judge_pruning(session_id, *row, path);
  }
  judge_replacing(session_id, *row, path);
}

void WatchedApi::judge_ownership(const model::Resource& row) {
  const auto& spec = input_.spec;
  if (spec.prune == manifest::Prune::kAll || spec.on_conflict == manifest::OnConflict::kReplace) {
    return;
  }
  const auto marker = world_.marker_of(row.filename);
  const bool adopted = spec.on_conflict == manifest::OnConflict::kAdopt && marker;
  const bool other_owner = marker && marker->owner != input_.owner;
  if ((world_.foreign.contains(row.id) || other_owner) && !adopted &&
      !world_.may_be_adopted.contains(row.id)) {
    world_.violated("owns before it deletes: " + row.id + " (" + row.filename + ") on " +
                    row.mount_path);
  }
}

void WatchedApi::judge_lost_sources(const model::Resource& row, const manifest::MountPath& path) {
  if (is_lost(path) && !desired().files.contains(path)) {
    world_.violated("never wipes by accident: " + row.mount_path +
                    " is deleted although its source cannot be believed");
  }
  if (desired().uncollected > 0 && desired().keeps(path) && !desired().files.contains(path)) {
    world_.violated("never wipes by accident: " + row.mount_path +
                    " is deleted although its source has too many files to look at");
  }
}

std::size_t WatchedApi::limit_of_pruning() const {
  const auto& limit = input_.spec.max_deletes;
  if (!limit.is_percentage) {
    return limit.value;
  }
  return std::max<std::size_t>(kAlwaysAllowed, owned_before_ * limit.value / 100);
}

void WatchedApi::judge_pruning(const std::string& session_id, const model::Resource& row,
                               const manifest::MountPath& path) {
  if (is_declared_near(path)) {
    return;
  }
  const auto marker = world_.marker_of(row.filename);
  const auto moved = std::ranges::find_if(desired().files, [&](const auto& file) {
    const auto* local = file.second.local();
    return local != nullptr && marker && observe::marker_matches(*marker, local->sha256);
  });
  if (moved == desired().files.end()) {
    if (++pruned_ > limit_of_pruning()) {
      world_.violated("never wipes by accident: more deletes than max_deletes in one pass");
    }
    return;
  }
  const auto rows = world_.model.file_rows(session_id);
  const bool is_elsewhere = std::ranges::any_of(rows, [&](const auto& other) {
    return other.id != row.id && other.content.sha256 == row.content.sha256;
  });
  const auto room = std::min<std::size_t>(world_.model.switches().file_cap, input_.spec.max_files);
  const auto needed = rows.size() + desired().files.size() + desired().uncollected;
  // As the plan knew it: an add since then may have shown that there is more room.
  const auto& refusals = known_refusals_[session_id];
  const bool seems_too_small = std::ranges::any_of(
      refusals, [&](const auto& refusal) { return refusal.rows > 0 && refusal.rows < needed; });
  const bool is_tight = seems_too_small || needed > room;
  const bool is_hidden = world_.now() < world_.hidden_until;
  if (!is_elsewhere && !is_tight && !is_hidden && !may_be_blocked(session_id, moved->first)) {
    world_.violated("adds before it prunes: " + row.mount_path +
                    " is deleted before its content is at " + moved->first.text());
  }
}

/// The first replace runs alone: a session that refuses adds loses nothing.
void WatchedApi::judge_replacing(const std::string& session_id, const model::Resource& row,
                                 const manifest::MountPath& path) {
  const auto wanted = desired().files.find(path);
  if (wanted == desired().files.end() || wanted->second.content_key() == row.content.sha256 ||
      is_duplicate(session_id, row)) {
    return;
  }
  replaced_.insert(path);
  if (replaced_.size() > 1 && adds_accepted_ == 0) {
    world_.violated("a session that refuses adds loses nothing: " + row.mount_path +
                    " is deleted although no add was accepted yet");
  }
}

}  // namespace sessync::simulation
