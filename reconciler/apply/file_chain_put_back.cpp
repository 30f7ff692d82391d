#include <algorithm>
#include <utility>

#include "reconciler/apply/file_chain.h"
#include "reconciler/observe/marker_reader.h"

/// What a chain does when its add is refused after it has deleted.
namespace sessync::apply {

/// What the rows that are deleted were made from: known for rows that we attached, and for one that
/// has the very content; and what an earlier chain of this path could not put back.
std::vector<ports::Previous> Chain::find_previous() const {
  const auto& inventory = run_.in.inventory;
  std::vector<ports::Previous> found;
  for (const auto& intent : inventory.intents) {
    if (intent.path == task_.wanted.path.text() && task_.deletes.empty()) {
      found = intent.previous;
    }
  }
  const auto* content = task_.wanted.local();
  const observe::MarkerReader reader(
      run_.ports.markers, content == nullptr ? std::set<std::string>() : std::set{content->sha256});
  for (const auto& row : inventory.rows) {
    if (!row.owned || std::ranges::find(task_.deletes, row.resource_id) == task_.deletes.end()) {
      continue;
    }
    const auto path = manifest::MountPath::of_file(row.mount_path).text();
    const auto marker = reader.read(row.filename, true).marker;
    const bool is_same =
        marker && content != nullptr && observe::marker_matches(*marker, content->sha256);
    if (path.empty() || std::ranges::find(found, path, &ports::Previous::path) != found.end()) {
      continue;
    }
    if (!row.upload_file_id.empty()) {
      found.push_back({path, row.upload_file_id, row.filename, row.size});
    } else if (is_same && !attachment_.file_id.empty()) {
      found.push_back({path, attachment_.file_id, attachment_.filename, attachment_.size});
    }
  }
  std::ranges::stable_partition(
      found, [&](const ports::Previous& one) { return one.path != task_.wanted.path.text(); });
  return found;
}

bool Chain::puts_back_elsewhere() const {
  return stage_ == Stage::kPutBack && back_ < previous_.size() &&
         previous_[back_].path != task_.wanted.path.text();
}

void Chain::begin_putting_back(const ports::ApiError& error) {
  refusal_ = error;
  enter(Stage::kPutBack);
}

void Chain::put_back_next() {
  if (back_ == previous_.size()) {
    drop_intent();
    return finish(ActionResult::Outcome::kFailed,
                  "refused: " + ports::describe(refusal_) + "; the previous content was put back");
  }
  const auto& previous = previous_[back_];
  tries_ = 0;
  attachment_ = {previous.upload_file_id, previous.filename, previous.size};
  std::vector<ports::Change> intents;
  if (puts_back_elsewhere()) {
    // Nothing of the refused add can still happen, but this has to be known if we die meanwhile.
    ports::Intent refused;
    refused.path = task_.wanted.path.text();
    refused.deletes = task_.deletes;
    refused.previous = previous_;
    intents.emplace_back(ports::change::PutIntent{run_.in.session_id, std::move(refused)});
  }
  is_in_doubt_ = true;
  intents.emplace_back(ports::change::PutIntent{run_.in.session_id, intent(run_.ports.loop.now())});
  run_.ports.store.commit(
      std::move(intents), [this](const tl::expected<ports::Done, ports::StoreError>& /*durable*/) {
        delete_sent_ || run_.may_start() ? send_add(ports::Permit::kTake)
                                         : give_up_untouched("stopped before it was put back");
      });
}

void Chain::on_put_back(ports::InventoryRow row) {
  run_.room.accepted(false);
  std::vector<ports::Change> changes{ports::change::PutRow{run_.in.session_id, std::move(row)}};
  if (puts_back_elsewhere()) {
    changes.emplace_back(ports::change::DropIntent{run_.in.session_id, previous_[back_].path});
  }
  run_.record(std::move(changes));
  ++back_;
  put_back_next();
}

}  // namespace sessync::apply
