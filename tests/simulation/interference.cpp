#include <algorithm>

#include "manifest/mount_path.h"
#include "tests/simulation/world.h"

/// What other people do in the sessions.
namespace sessync::simulation {
namespace {

using StepKind = Step::Kind;

/// Like ours, for whoever lacks the key.
std::string forged_name(Random& dice, const std::string& owner, const model::Content& content) {
  const auto claim = dice.one_in(2) ? content.sha256.substr(0, 32)
                                    : "k" + model::sha256_hex(content.sha256).substr(0, 31);
  return "sessync." + owner + "." + claim + ".x";
}

}  // namespace

/// A name as people choose it, or another daemon's marker; in a world with keys also what looks
/// like a marker of ours.
std::string World::foreign_name(Random& dice, const model::Content& content) {
  if (!dice.one_in(3)) {
    return "report.pdf";
  }
  if (markers.keys.empty()) {
    return "sessync.other." + content.sha256.substr(0, 32) + ".x";
  }
  if (dice.one_in(2)) {
    return forged_name(dice, declared.owner, content);
  }
  auto name = observe::encode_marker("other", content.sha256, "x", markers.keys);
  note_upload(name, content.sha256);
  return name;
}

void World::foreign_add(const std::string& session, Random& dice, const std::string& mount) {
  const bool same_content = dice.one_in(4) && !disk.paths().empty();
  const auto bytes =
      same_content ? disk.bytes(pick(disk.paths(), dice.next())).value_or("") : fresh_bytes();
  model::NewFile file;
  file.content = model::Content::of(bytes);
  file.filename = foreign_name(dice, file.content);
  const auto uploaded = model.upload(file);
  model::NewResource resource;
  resource.file_id = uploaded ? uploaded->id : "";
  if (!mount.empty()) {
    resource.mount_path = mount;
  } else if (!dice.one_in(6)) {  // else where the API puts it
    resource.mount_path =
        dice.one_in(2) ? "/" + draw_path(dice.next()) : "/theirs/" + std::to_string(dice.below(3));
  }
  if (const auto row = model.add_resource(session, resource)) {
    foreign.insert(row->id);
    note("   " + session + " gets " + row->id + " on " + row->mount_path);
  }
}

void World::foreign_delete(const std::string& session, Random& dice, bool take_path) {
  if (!model.get_session(session)) {
    return;
  }
  const auto rows = model.file_rows(session);
  if (rows.empty()) {
    return;
  }
  const auto row = pick(rows, dice.next());
  if (!model.delete_resource(session, row.id)) {
    return;
  }
  note("   " + session + " loses " + row.id + " on " + row.mount_path);
  foreign.erase(row.id);
  ++losses;
  hidden_until = now() + kMostLag;
  if (take_path) {
    foreign_add(session, dice, row.mount_path);
  }
}

void World::lose_upload(bool by_expiry, Random& dice) {
  const auto uploads = model.uploads();
  if (uploads.empty()) {
    return;
  }
  const auto& id = pick(uploads, dice.next()).id;
  if (by_expiry) {
    model.expire_file(id);
  } else {
    (void)model.delete_file(id);
  }
}

void World::interfere(const Step& step) {
  Random dice(step.number);
  const auto session = some_session(dice.next());
  switch (step.kind) {
    case StepKind::kForeignAdd:
      return foreign_add(session, dice, "");
    case StepKind::kForeignDelete:
      return foreign_delete(session, dice, false);
    case StepKind::kForeignTakesPath:
      return foreign_delete(session, dice, true);
    case StepKind::kUploadDeleted:
    case StepKind::kUploadExpires:
      return lose_upload(step.kind == StepKind::kUploadExpires, dice);
    case StepKind::kSessionRuns:
      return model.set_status(session, "running");
    case StepKind::kSessionIdles:
      return model.set_status(session, "idle");
    case StepKind::kSessionArchived:
      (void)model.archive_session(session);
      return;
    default:
      if (model.sessions().size() > 1) {
        (void)model.delete_session(session);
      }
  }
}

}  // namespace sessync::simulation
