#include "reconciler/plan/plan_files.h"

#include <algorithm>
#include <set>
#include <utility>

#include "reconciler/observe/refusals.h"

namespace sessync::plan {
namespace {

/* What is done about one canonical path. "ours" is an owned row of the inventory; "same" means that
   it holds the declared content. The first line that fits decides.

   declared | at, above or below the path            | decision
   ---------+----------------------------------------+--------------------------------------------
   yes      | row of a type we do not know           | blocked conflict, whatever the policy
   yes      | repository or memory store             | blocked conflict
   yes      | row whose name could not be learned    | pending
   yes      | an add of ours without a known outcome | pending
   yes      | any, while a large file is being read  | pending
   yes      | another daemon's row                   | blocked owner_conflict
   yes      | file_id entry: any row that is same    | unchanged (matching makes nothing ours)
   yes      | file_id entry, no such upload          | blocked file_not_found
   yes      | file_id entry, not known whether one is | pending
   yes      | unmanaged, adopt, marker has digest    | adopt
   yes      | unmanaged, replace                     | replace (it goes first)
   yes      | unmanaged                              | blocked conflict
   yes      | ours above or below, not declared      | its delete belongs to the add (guarded)
   yes      | ours, same                             | unchanged; other rows of ours here: delete
   yes      | ours, other content                    | replace
   yes      | nothing                                | add
   no       | entry blocked at this path, or above it a source with too many files | stays
   no       | kept by an entry that is not allowed   | stays
   no       | ours, newly left out by a rule         | blocked secret or link_outside, stays
   no       | ours, prune none                       | stays
   no       | ours                                   | delete (guarded)
   no       | another daemon's                       | blocked owner_conflict
   no       | unmanaged, prune all                   | delete (guarded)
   no       | unmanaged                              | unmanaged

   An add or replace that the API refused for good is blocked `refused` until the content changes;
   what made way for it and is still missing is put back. A delete whose content is declared at a
   path that is blocked is blocked with it (see renames.h), an add for which the session has no room
   is blocked `quota` (see room.h). What was taken over in doubt is guarded whatever the number.
   Repositories and memory stores have a table of their own, in plan_fixed.cpp.
 */
class Planner {
 public:
  Planner(const PlanInput& in, const Policy& policy) : in_(in), policy_(policy) {}

  Plan run() {
    index();
    plan_.blocked = in_.desired.blocked;
    for (const auto& [path, wanted] : in_.desired.files) {
      decide(wanted);
    }
    for (const auto& file : in_.observed.files) {
      if (!consumed_.contains(file.resource_id)) {
        decide_undeclared(file);
      }
    }
    for (const auto& file : in_.desired.unread) {
      plan_.pending.push_back({file.path, file.reason, true, file.size});
    }
    put_back();
    report_lost_sources();
    return std::move(plan_);
  }

 private:
  using Rows = std::vector<const observe::ObservedFile*>;

  void index() {
    const auto opaque_files =
        std::ranges::count(in_.observed.fixed, "file", &observe::FixedResource::type);
    plan_.rows_now = in_.observed.files.size() + static_cast<std::uint64_t>(opaque_files);
    for (const auto& file : in_.observed.files) {
      at_[file.path].push_back(&file);
      plan_.owned += file.ownership == observe::Ownership::kOurs ? 1U : 0U;
    }
    for (const auto& [path, wanted] : in_.desired.files) {
      const auto* ref = wanted.local();
      declared_contents_[ref != nullptr ? ref->sha256.substr(0, 32) : wanted.content_key()] = path;
    }
    for (const auto& [sha256, path] : in_.desired.withheld) {
      declared_contents_.try_emplace(sha256.substr(0, 32), path);
    }
  }

  [[nodiscard]] bool same(const observe::ObservedFile& file,
                          const desired::DesiredFile& wanted) const {
    return observe::holds(file, wanted, in_.uploads);
  }

  void block(const manifest::MountPath& path, desired::BlockCode code, std::string reason) {
    plan_.blocked.push_back({desired::BlockedType::kFile, path, code, std::move(reason)});
  }

  /// Rows above or below `path`, not at it.
  [[nodiscard]] Rows overlapping(const manifest::MountPath& path) const {
    Rows rows;
    for (auto it = at_.lower_bound(path); it != at_.end(); ++it) {
      if (path.is_above(it->first)) {
        rows.insert(rows.end(), it->second.begin(), it->second.end());
      } else if (it->first.text().compare(0, path.text().size(), path.text()) != 0) {
        break;
      }
    }
    const auto& text = path.text();
    for (auto slash = text.rfind('/'); slash != std::string::npos && slash > 0;
         slash = text.rfind('/', slash - 1)) {
      if (const auto it = at_.find(manifest::MountPath::literal(text.substr(0, slash)));
          it != at_.end()) {
        rows.insert(rows.end(), it->second.begin(), it->second.end());
      }
    }
    return rows;
  }

  [[nodiscard]] Rows rows_at(const manifest::MountPath& path) const {
    const auto it = at_.find(path);
    return it == at_.end() ? Rows{} : it->second;
  }

  static bool any(const Rows& rows, observe::Ownership ownership) {
    return std::ranges::any_of(rows, [&](const auto* row) { return row->ownership == ownership; });
  }

  void consume(const Rows& rows) {
    for (const auto* row : rows) {
      consumed_.insert(row->resource_id);
    }
  }

  /// A reason why nothing may be decided or done at the path of `wanted`; true if there is one.
  bool stopped(const desired::DesiredFile& wanted, const Rows& here, const Rows& around) {
    for (const auto& other : in_.observed.fixed) {
      if (other.path == wanted.path || other.path.is_above(wanted.path) ||
          wanted.path.is_above(other.path)) {
        block(wanted.path, desired::BlockCode::kConflict,
              "a " + other.type + " is mounted at " + other.path.text() +
                  "; it cannot be replaced: mount the file elsewhere");
        return true;
      }
    }
    if (any(here, observe::Ownership::kUnknown) || any(around, observe::Ownership::kUnknown)) {
      plan_.pending.push_back({wanted.path, "the name of the mounted file could not be learned"});
      return true;
    }
    if (in_.observed.pending.contains(wanted.path.text())) {
      plan_.pending.push_back({wanted.path, "the outcome of an earlier add is not known yet"});
      return true;
    }
    if (any(here, observe::Ownership::kOtherDaemon) ||
        any(around, observe::Ownership::kOtherDaemon)) {
      block(wanted.path, desired::BlockCode::kOwnerConflict, owner_conflict());
      return true;
    }
    return false;
  }

  static std::string owner_conflict() {
    return "another daemon with this owner name put a file here; give each daemon its own owner, "
           "or "
           "remove the session from one of the manifests";
  }

  void decide(const desired::DesiredFile& wanted) {
    const auto here = rows_at(wanted.path);
    const auto around = overlapping(wanted.path);
    consume(here);
    if (stopped(wanted, here, around)) {
      return keep_around(around);
    }
    if (decide_uploaded(wanted, here, around)) {
      return;
    }
    Rows foreign;
    std::ranges::copy_if(here, std::back_inserter(foreign), is_unmanaged);
    std::ranges::copy_if(around, std::back_inserter(foreign), is_unmanaged);
    if (!foreign.empty() && policy_.on_conflict != manifest::OnConflict::kReplace) {
      return decide_conflict(wanted, here, around);
    }
    decide_ours(wanted, here, around);
  }

  static bool is_unmanaged(const observe::ObservedFile* row) {
    return row->ownership == observe::Ownership::kUnmanaged;
  }

  /// What overlaps a path about which nothing is decided stays.
  void keep_around(const Rows& around) {
    for (const auto* row : around) {
      if (row->ownership == observe::Ownership::kOurs && !in_.desired.files.contains(row->path)) {
        consumed_.insert(row->resource_id);
      }
    }
  }

  /// file_id entries: satisfied by any row with that content, impossible without the upload.
  bool decide_uploaded(const desired::DesiredFile& wanted, const Rows& here, const Rows& around) {
    const auto* content = std::get_if<desired::UploadedContent>(&wanted.content);
    if (content == nullptr) {
      return false;
    }
    for (const auto* row : here) {
      if (same(*row, wanted)) {
        unchanged(wanted, row->size);
        return true;
      }
    }
    const auto missing = in_.missing_uploads.find(content->file_id);
    if (missing != in_.missing_uploads.end()) {
      block(wanted.path, desired::BlockCode::kFileNotFound, missing->second);
      return true;
    }
    const auto unknown = in_.unknown_uploads.find(content->file_id);
    if (unknown != in_.unknown_uploads.end()) {
      plan_.pending.push_back({wanted.path, unknown->second});
      keep_around(around);
      return true;
    }
    return false;
  }

  void decide_conflict(const desired::DesiredFile& wanted, const Rows& here, const Rows& around) {
    keep_around(around);
    const bool alone = here.size() == 1 && std::ranges::none_of(around, is_unmanaged);
    if (policy_.on_conflict == manifest::OnConflict::kAdopt && alone &&
        same(*here.front(), wanted)) {
      return adopt(wanted, *here.front());
    }
    block(wanted.path, desired::BlockCode::kConflict,
          "an unmanaged resource is mounted at, above or below this path" + describe_claims(here) +
              "; remove it, mount the file elsewhere, or set on_conflict");
  }

  /// A marker that looks like ours is the first thing that an operator sees there.
  static std::string describe_claims(const Rows& rows) {
    for (const auto* row : rows) {
      if (row->unproven == observe::Unproven::kNoKey) {
        return " (its marker was made without a key: if it is one of this owner's files from "
               "before "
               "--marker-key-file, --adopt-unkeyed takes it over)";
      }
      if (row->unproven == observe::Unproven::kOtherKey) {
        return " (its marker was made with no key of --marker-key-file)";
      }
    }
    return "";
  }

  /// Only local content has a digest that a marker can have.
  void adopt(const desired::DesiredFile& wanted, const observe::ObservedFile& row) {
    plan_.actions.emplace_back(Adopt{wanted.path, "its marker has the declared content",
                                     row.resource_id, wanted.content_key(), size_of(wanted)});
  }

  void decide_ours(const desired::DesiredFile& wanted, const Rows& here, const Rows& around) {
    const auto keep = std::ranges::find_if(here, [&](const auto* row) {
      return row->ownership == observe::Ownership::kOurs && same(*row, wanted);
    });
    if (keep != here.end()) {
      unchanged(wanted, (*keep)->size);
      return remove_duplicates(here, **keep);
    }
    if (const auto* refusal = refused(wanted)) {
      keep_around(around);
      if (refusal->code == desired::to_string(desired::BlockCode::kTooLarge)) {
        return block(wanted.path, desired::BlockCode::kTooLarge, refusal->message);
      }
      return block(wanted.path, desired::BlockCode::kRefused,
                   "the API refused it (" + refusal->code + ": " + refusal->message +
                       "); tried again when the content or the entry changes, or after an hour");
    }
    attach(wanted, here, around);
  }

  void remove_duplicates(const Rows& here, const observe::ObservedFile& keep) {
    for (const auto* row : here) {
      if (row != &keep) {
        remove(*row, "a duplicate at a path of ours").is_duplicate = true;
      }
    }
  }

  void attach(const desired::DesiredFile& wanted, const Rows& here, const Rows& around) {
    std::vector<std::string> deletes;
    for (const auto* row : here) {
      deletes.push_back(row->resource_id);
    }
    for (const auto* row : around) {
      deletes.push_back(row->resource_id);
      make_way(*row, wanted.path);
    }
    if (here.empty()) {
      plan_.actions.emplace_back(
          Add{wanted, "not in the session", size_of(wanted), std::move(deletes), std::nullopt});
      return;
    }
    Replace replace{wanted, "content differs", size_of(wanted), std::move(deletes), std::nullopt};
    const auto doubted = std::ranges::find_if(here, &observe::ObservedFile::in_doubt);
    if (doubted != here.end()) {
      replace.doubt = describe_doubt(**doubted);
    }
    plan_.actions.emplace_back(std::move(replace));
  }

  /// What lies above or below a path that is to be mounted.
  void make_way(const observe::ObservedFile& row, const manifest::MountPath& path) {
    consumed_.insert(row.resource_id);
    auto& removal = remove(row, "makes way for " + path.text());
    removal.chain = path;
    if (in_.desired.keeps(row.path) || in_.desired.left_out.find(row.path) != nullptr) {
      removal.protection = "its own entry is blocked";
    }
  }

  [[nodiscard]] const ports::Refusal* refused(const desired::DesiredFile& wanted) const {
    const auto* refusal = observe::find_refusal(in_.refusals, wanted);
    return refusal == nullptr || observe::is_about_room(*refusal, in_.most_files) ? nullptr
                                                                                  : refusal;
  }

  static std::string describe_lost(const ports::Refusal& refusal) {
    return "what was mounted here could not be put back when what was to take its place was "
           "refused (" +
           refusal.code + ": " + refusal.message + "); tried again after an hour";
  }

  /// What made way for an add that was refused, and could not be put back at once.
  void put_back() {
    for (const auto& [added_at, content] : in_.observed.displaced) {
      const auto place = manifest::MountPath::literal(content.path);
      const bool is_refused =
          std::ranges::any_of(plan_.blocked, [&](const desired::Blocked& blocked) {
            return blocked.path == added_at && blocked.code == desired::BlockCode::kRefused;
          });
      if (!is_refused || (place != added_at && in_.desired.files.contains(place))) {
        continue;
      }
      if (in_.observed.pending.contains(content.path)) {
        plan_.pending.push_back({place, "whether it was put back is not known yet"});
        continue;
      }
      const desired::DesiredFile wanted{place, kUploadsRoot + content.path,
                                        desired::UploadedContent{content.upload_file_id}};
      if (const auto* refusal = refused(wanted)) {
        block(place, desired::BlockCode::kRefused, describe_lost(*refusal));
        continue;
      }
      plan_.actions.emplace_back(
          Add{wanted, "put back: what took its place was refused", content.size, {}, content});
    }
  }

  /// As far as it is known.
  [[nodiscard]] std::optional<std::uint64_t> size_of(const desired::DesiredFile& wanted) const {
    if (const auto* ref = wanted.local()) {
      return ref->archive == nullptr ? std::optional(ref->size) : std::nullopt;
    }
    const auto upload = in_.uploads.find(wanted.content_key());
    return upload != in_.uploads.end() ? std::optional(upload->second.size_bytes) : std::nullopt;
  }

  void unchanged(const desired::DesiredFile& wanted, std::uint64_t size) {
    const auto* ref = wanted.local();
    plan_.unchanged.push_back(
        {wanted.path, size, ref != nullptr ? std::optional(ref->sha256) : std::nullopt});
  }

  static std::optional<std::string> if_known(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
  }

  Delete& remove(const observe::ObservedFile& row, std::string reason) {
    Delete removal;
    removal.path = row.path;
    removal.reason = std::move(reason);
    removal.size = row.size;
    removal.resource_id = row.resource_id;
    removal.digest_prefix = row.marker ? if_known(row.marker->digest_prefix) : std::nullopt;
    removal.upload_file_id = row.upload_file_id;
    removal.copy_file_id = if_known(row.copy_file_id);
    if (const auto* place = place_of_content(removal)) {
      removal.is_rename = true;
      removal.reason += ", its content is declared at " + place->text();
    }
    removal.protection = protection(row.path);
    if (row.in_doubt && !removal.protection) {
      removal.in_doubt = true;
      removal.protection = describe_doubt(row);
    }
    return std::get<Delete>(plan_.actions.emplace_back(std::move(removal)));
  }

  /// Another path at which what a delete takes away is declared.
  [[nodiscard]] const manifest::MountPath* place_of_content(const Delete& removal) const {
    for (const auto* key :
         {&removal.digest_prefix, &removal.upload_file_id, &removal.copy_file_id}) {
      const auto declared = *key ? declared_contents_.find(**key) : declared_contents_.end();
      if (declared != declared_contents_.end() && declared->second != removal.path) {
        return &declared->second;
      }
    }
    return nullptr;
  }

  static std::string describe_doubt(const observe::ObservedFile& row) {
    return "this session was filled by another manifest of owner " +
           (row.marker ? row.marker->owner : std::string()) + "; is session_id right?";
  }

  [[nodiscard]] std::optional<std::string> protection(const manifest::MountPath& path) const {
    for (const auto& tree : in_.desired.protected_trees) {
      if (tree.prefix == path || tree.prefix.is_above(path)) {
        return tree.reason;
      }
    }
    return std::nullopt;
  }

  void decide_undeclared(const observe::ObservedFile& row) {
    switch (row.ownership) {
      case observe::Ownership::kUnknown:
        plan_.pending.push_back({row.path, "the name of the mounted file could not be learned"});
        return;
      case observe::Ownership::kOtherDaemon:
        return block(row.path, desired::BlockCode::kOwnerConflict, owner_conflict());
      case observe::Ownership::kUnmanaged:
        if (policy_.prune != manifest::Prune::kAll || in_.desired.keeps(row.path) ||
            in_.desired.left_out.find(row.path) != nullptr) {
          plan_.unmanaged.push_back({"file", row.path, row.resource_id});
          return;
        }
        remove(row, "not declared, and prune is all");
        return;
      case observe::Ownership::kOurs:
        return decide_undeclared_of_ours(row);
    }
  }

  void decide_undeclared_of_ours(const observe::ObservedFile& row) {
    if (in_.desired.keeps(row.path)) {
      return;
    }
    if (const auto* left_out = in_.desired.left_out.find(row.path)) {
      return block(row.path, desired::code_of(*left_out), desired::describe(*left_out));
    }
    if (policy_.prune != manifest::Prune::kNone) {
      remove(row, "no longer declared");
    }
  }

  /// A missing source under which nothing of ours is mounted holds no delete back, so it would go
  /// unnoticed.
  void report_lost_sources() {
    for (const auto& tree : in_.desired.protected_trees) {
      const bool guards_something = std::ranges::any_of(plan_.actions, [&](const Action& action) {
        const auto* removal = std::get_if<Delete>(&action);
        return removal != nullptr && removal->protection == tree.reason;
      });
      if (tree.source_missing && !guards_something) {
        block(tree.prefix, desired::BlockCode::kFileNotFound, tree.reason);
      }
    }
  }

  const PlanInput& in_;
  const Policy& policy_;
  Plan plan_;
  std::map<manifest::MountPath, Rows> at_;
  /// By half the digest, or file id.
  std::map<std::string, manifest::MountPath> declared_contents_;
  std::set<std::string> consumed_;
};

}  // namespace

Plan plan_files(const PlanInput& input, const Policy& policy) {
  return Planner(input, policy).run();
}

}  // namespace sessync::plan
