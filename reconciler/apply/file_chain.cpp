#include "reconciler/apply/file_chain.h"

#include <algorithm>
#include <utility>

#include "reconciler/limits.h"

namespace sessync::apply {
namespace {

bool is_refusal_by_load(const ports::ApiError& error) {
  using Kind = ports::ApiError::Kind;
  return error.kind == Kind::kRateLimited || error.kind == Kind::kConflict ||
         error.kind == Kind::kNotSent;
}

ports::Duration conflict_delay(int tries) {
  return reconciler::kFirstConflictDelay *
         (1 << std::min(tries, reconciler::kMostConflictDoublings));
}

}  // namespace

std::optional<ChainTask> chain_task(const plan::Action& action) {
  if (const auto* add = std::get_if<plan::Add>(&action)) {
    return ChainTask{add->wanted, add->deletes, add->restored ? &*add->restored : nullptr};
  }
  if (const auto* replace = std::get_if<plan::Replace>(&action)) {
    return ChainTask{replace->wanted, replace->deletes, nullptr};
  }
  return std::nullopt;
}

Chain::Chain(ApplyRun& run, ChainTask task, std::function<void(ActionResult)> finished)
    : run_(run), task_(task), finished_(std::move(finished)), previous_(find_previous()) {}

void Chain::enter(Stage next) {
  stage_ = next;
  switch (stage_) {
    case Stage::kUpload:
      return provide_content();
    case Stage::kRoom:
      return make_room();
    case Stage::kIntent:
      return write_intent();
    case Stage::kDelete:
      return delete_next();
    case Stage::kAdd:
      return send_add(task_.deletes.empty() ? ports::Permit::kTake : ports::Permit::kReserved);
    case Stage::kPutBack:
      return put_back_next();
    case Stage::kReadSession:
    case Stage::kEnd:
      return;
  }
}

void Chain::provide_content() {
  if (const auto* restored = task_.restored) {
    attachment_ = {restored->upload_file_id, restored->filename, restored->size};
    return enter(Stage::kRoom);
  }
  if (const auto* content = task_.wanted.local()) {
    return acquire_upload(*content);
  }
  const auto& file_id = task_.wanted.content_key();
  attachment_.file_id = file_id;
  if (const auto known = run_.in.uploads.find(file_id); known != run_.in.uploads.end()) {
    attachment_.filename = known->second.filename;
    attachment_.size = known->second.size_bytes;
  }
  enter(Stage::kRoom);
}

void Chain::acquire_upload(const ports::ContentRef& content) {
  const auto known = find_upload(run_.in.owner, content.sha256, run_.ports);
  const bool usable = known && (content.archive != nullptr || known->size == content.size) &&
                      (task_.deletes.empty() || run_.confirmed_uploads.contains(known->file_id));
  if (!usable) {
    return upload(content);
  }
  attachment_ = {known->file_id, known->filename, known->size};
  enter(Stage::kRoom);
}

void Chain::upload(const ports::ContentRef& content) {
  run_.ports.api.upload(
      upload_request(run_.in.owner, task_.wanted, content, run_.ports),
      [this](const ports::Result<ports::FileMetadata>& uploaded) { on_uploaded(uploaded); });
}

void Chain::on_uploaded(const ports::Result<ports::FileMetadata>& uploaded) {
  if (!uploaded) {
    return on_upload_refused(uploaded.error());
  }
  attachment_ = {uploaded->file_id, uploaded->filename, uploaded->size_bytes};
  const auto now = run_.ports.loop.now();
  run_.record(
      {ports::change::PutUpload{{run_.in.owner, task_.wanted.local()->sha256, attachment_.file_id,
                                 attachment_.filename, attachment_.size, now, now}}});
  if (!run_.may_start()) {
    return give_up_untouched("stopped before it was attached");
  }
  enter(Stage::kRoom);
}

void Chain::on_upload_refused(const ports::ApiError& error) {
  request_id_ = error.request_id;
  using Kind = ports::ApiError::Kind;
  switch (error.kind) {
    case Kind::kAuthentication:
      run_.halt(errors::SessionError::Code::kAuthenticationFailed, ports::describe(error));
      break;
    case Kind::kBilling:
      run_.halt(errors::SessionError::Code::kBilling, ports::describe(error));
      break;
    case Kind::kInvalid:
    case Kind::kPermission:
    case Kind::kTooLarge:
      remember_refusal(error);
      run_.refused_content.insert(task_.wanted.content_key());
      return finish(ActionResult::Outcome::kFailed,
                    "the upload was refused: " + ports::describe(error));
    case Kind::kRateLimited:
      run_.report.rate_limited = true;
      break;
    default:
      break;
  }
  run_.report.put_off = true;
  finish(ActionResult::Outcome::kFailed,
         "not uploaded: " + ports::describe(error) + "; the next pass tries again");
}

void Chain::make_room() {
  previous_ = find_previous();
  if (!task_.deletes.empty()) {
    return run_.room.enter_swap([this] {
      swaps_ = true;
      enter_replace_gate();
    });
  }
  run_.room.enter_add([this](bool go) {
    adds_ = go;
    go ? enter(Stage::kIntent) : turn_away();
  });
}

void Chain::turn_away() {
  run_.refused_content.insert(task_.wanted.content_key());
  finish(ActionResult::Outcome::kSkipped, kSessionIsFull);
}

void Chain::enter_replace_gate() {
  run_.enter_replace_gate([this](bool go) {
    if (!go || !run_.may_start()) {
      return give_up_untouched("put off: another replace of this pass was not accepted");
    }
    in_gate_ = true;
    // Both permits are taken before the delete is sent, so that a spent budget cannot leave the
    // path empty.
    run_.ports.api.reserve_writes(2, [this] { enter(Stage::kIntent); });
  });
}

/// Of the add that is under way.
ports::Intent Chain::intent(std::optional<ports::TimePoint> in_doubt_since) const {
  ports::Intent intent;
  intent.adds_file_id = attachment_.file_id;
  intent.adds_filename = attachment_.filename;
  intent.adds_size = attachment_.size;
  intent.in_doubt_since = in_doubt_since;
  if (puts_back_elsewhere()) {
    intent.path = previous_[back_].path;
    return intent;
  }
  intent.path = task_.wanted.path.text();
  intent.deletes = task_.deletes;
  intent.previous = previous_;
  return intent;
}

void Chain::write_intent() {
  if (!run_.may_start()) {
    return give_up_untouched("stopped before anything was sent");
  }
  // In doubt from now on: whoever finds it after a crash cannot know whether the add was sent.
  is_in_doubt_ = true;
  run_.ports.store.commit(
      {ports::change::PutIntent{run_.in.session_id, intent(run_.ports.loop.now())}},
      [this](const tl::expected<ports::Done, ports::StoreError>& durable) {
        if (!durable) {
          return give_up_untouched(durable.error().message);
        }
        if (!run_.may_start()) {
          return give_up_untouched("stopped before anything was sent");
        }
        run_.open(task_.wanted.path);
        enter(task_.deletes.empty() ? Stage::kAdd : Stage::kDelete);
      });
}

void Chain::delete_next() {
  if (deleted_ == task_.deletes.size()) {
    return enter(Stage::kAdd);
  }
  const bool is_first = deleted_ == 0;
  const ports::Turn turn{is_first ? ports::Permit::kReserved : ports::Permit::kTake, !is_first};
  delete_sent_ = true;
  const auto& resource_id = task_.deletes[deleted_];
  run_.ports.api.delete_resource(run_.in.session_id, resource_id, turn,
                                 [this, resource_id](const ports::Result<ports::Done>& result) {
                                   on_deleted(resource_id, result);
                                 });
}

void Chain::on_deleted(const std::string& resource_id, const ports::Result<ports::Done>& deleted) {
  if (!deleted && deleted.error().kind != ports::ApiError::Kind::kNotFound) {
    return on_delete_failed(deleted.error());
  }
  run_.record(
      {ports::change::PutTombstone{run_.in.session_id, {resource_id, run_.ports.loop.now()}}});
  run_.room.deleted();
  ++deleted_;
  tries_ = 0;
  delete_next();
}

void Chain::on_delete_failed(const ports::ApiError& error) {
  request_id_ = error.request_id;
  if (error.kind == ports::ApiError::Kind::kConflict) {
    run_.chains_allowed = std::max(1, run_.chains_allowed / 2);
  }
  if (is_refusal_by_load(error) && deleted_ == 0) {
    delete_sent_ = false;
    run_.report.rate_limited |= error.kind == ports::ApiError::Kind::kRateLimited;
    return give_up_untouched(ports::describe(error));
  }
  if (is_refusal_by_load(error) && ++tries_ < reconciler::kMaxAddTries) {
    return run_.ports.loop.after(conflict_delay(tries_), [this] { delete_next(); });
  }
  if (error.kind == ports::ApiError::Kind::kAuthentication) {
    run_.halt(errors::SessionError::Code::kAuthenticationFailed, ports::describe(error));
  }
  run_.report.put_off = true;
  if (ports::is_unknown_outcome(error) || error.kind == ports::ApiError::Kind::kAuthentication) {
    return finish(ActionResult::Outcome::kFailed,
                  "the delete of what is mounted here has no known outcome: " +
                      ports::describe(error) + "; the next pass looks again");
  }
  stage_ = Stage::kReadSession;
  run_.read_session([this, error](const ports::Result<ports::SessionInfo>& info) {
    on_unusable_session(info, error);
  });
}

void Chain::on_unusable_session(const ports::Result<ports::SessionInfo>& info,
                                const ports::ApiError& error) {
  if (info && info->archived_at) {
    run_.halt(errors::SessionError::Code::kSessionArchived,
              "the session was archived at " + *info->archived_at +
                  "; nothing in it can be changed any more");
  } else if (!info && info.error().kind == ports::ApiError::Kind::kNotFound) {
    run_.halt(errors::SessionError::Code::kSessionNotFound, ports::describe(info.error()));
  }
  finish(ActionResult::Outcome::kFailed, ports::describe(error) + "; the next pass tries again");
}

void Chain::send_add(ports::Permit permit) {
  ports::AddFile request{run_.in.session_id, attachment_.file_id, task_.wanted.mount_text};
  if (puts_back_elsewhere()) {
    request.mount_path = plan::kUploadsRoot + previous_[back_].path;
  }
  run_.ports.api.add_file(std::move(request), {permit, delete_sent_},
                          [this](const ports::Result<ports::FileRow>& added) { on_added(added); });
}

void Chain::on_added(const ports::Result<ports::FileRow>& added) {
  if (!added) {
    return on_add_failed(added.error());
  }
  ports::InventoryRow row;
  row.resource_id = added->resource_id;
  row.copy_file_id = added->file_id;
  row.filename = attachment_.filename;
  row.size = attachment_.size;
  row.owned = true;
  row.upload_file_id = attachment_.file_id;
  row.mount_path = added->mount_path;
  row.added_at = run_.ports.loop.now();
  is_in_doubt_ = false;
  if (stage_ == Stage::kPutBack) {
    return on_put_back(std::move(row));
  }
  run_.room.accepted(task_.deletes.empty());
  std::vector<ports::Change> changes{
      ports::change::PutRow{run_.in.session_id, std::move(row)},
      ports::change::DropIntent{run_.in.session_id, task_.wanted.path.text()}};
  // What is put back was not what was refused here.
  changes.emplace_back(ports::change::DropRefusal{
      run_.in.session_id, task_.wanted.path.text(),
      task_.restored != nullptr ? std::optional(task_.wanted.content_key()) : std::nullopt});
  run_.record(std::move(changes));
  finish(ActionResult::Outcome::kDone);
}

void Chain::on_add_failed(const ports::ApiError& error) {
  request_id_ = error.request_id;
  using Kind = ports::ApiError::Kind;
  switch (error.kind) {
    case Kind::kConflict:
      run_.chains_allowed = std::max(1, run_.chains_allowed / 2);
      return retry_add(conflict_delay(tries_), error);
    case Kind::kRateLimited:
      run_.report.rate_limited = true;
      return retry_add(ports::Duration{0}, error);
    case Kind::kNotSent:
      return retry_add(conflict_delay(tries_ + 1), error);
    case Kind::kUnknownOutcome:
    case Kind::kAborted:
    case Kind::kUnusableAnswer:
    case Kind::kSourceChanged:
    case Kind::kNotStored:
      return leave_in_doubt(error);
    case Kind::kAuthentication:
    case Kind::kBilling:
      run_.halt(error.kind == Kind::kBilling ? errors::SessionError::Code::kBilling
                                             : errors::SessionError::Code::kAuthenticationFailed,
                ports::describe(error));
      run_.report.put_off = true;
      forget_untouched();
      return finish(ActionResult::Outcome::kFailed, ports::describe(error));
    case Kind::kInvalid:
    case Kind::kPermission:
    case Kind::kNotFound:
    case Kind::kTooLarge:
      return on_add_refused(error);
  }
}

/// A chain that has deleted nothing ends and leaves the rest to the queue; one that has sends its
/// add again, because until then the path is empty. At shutdown a closed budget is not waited for.
void Chain::retry_add(ports::Duration delay, const ports::ApiError& error) {
  if (!delete_sent_) {
    return give_up_untouched(ports::describe(error));
  }
  const bool too_late = run_.ports.loop.ending() && error.kind != ports::ApiError::Kind::kConflict;
  if (too_late || ++tries_ >= reconciler::kMaxAddTries) {
    run_.report.put_off = true;
    return finish(
        ActionResult::Outcome::kFailed,
        "nothing is mounted here now: " + ports::describe(error) + "; the next pass adds it");
  }
  run_.ports.loop.after(delay, [this] { send_add(ports::Permit::kTake); });
}

void Chain::leave_in_doubt(const ports::ApiError& error) {
  is_in_doubt_ = false;  // it is, and stays so
  run_.record({ports::change::PutIntent{run_.in.session_id, intent(run_.ports.loop.now())}});
  run_.report.put_off = true;
  finish(ActionResult::Outcome::kFailed,
         "the outcome of the add is not known: " + ports::describe(error) +
             "; it is not repeated before a list has shown that it is missing");
}

void Chain::on_add_refused(const ports::ApiError& error) {
  stage_ = stage_ == Stage::kAdd ? Stage::kReadSession : stage_;
  run_.read_session([this, error](const ports::Result<ports::SessionInfo>& info) {
    if (!info || info->archived_at) {
      run_.report.put_off = true;
      return on_unusable_session(info, error);
    }
    if (!info->is_idle()) {
      run_.report.put_off = true;
      return finish(ActionResult::Outcome::kFailed, "refused while the session is " + info->status +
                                                        ": " + ports::describe(error) +
                                                        "; tried again later");
    }
    refuse_for_good(error);
  });
}

void Chain::refuse_for_good(const ports::ApiError& error) {
  const auto* content = task_.wanted.local();
  if (task_.restored != nullptr) {
    note_refusal(error);
    return finish(ActionResult::Outcome::kFailed,
                  "it could not be put back: " + ports::describe(error));
  }
  if (stage_ == Stage::kPutBack) {
    forget_doubtful_refusal(error);
    run_.report.put_off = true;
    return finish(ActionResult::Outcome::kFailed,
                  "refused: " + ports::describe(refusal_) +
                      "; the previous content could not be put back: " + ports::describe(error));
  }
  if (error.kind == ports::ApiError::Kind::kNotFound && content != nullptr) {
    // The upload is gone: with the next pass the content is uploaded again.
    run_.record({ports::change::DropUpload{run_.in.owner, attachment_.file_id}});
    run_.report.put_off = true;
  } else {
    note_refusal(error);
    run_.refused_content.insert(task_.wanted.content_key());
  }
  if (!previous_.empty() && (delete_sent_ || task_.deletes.empty())) {
    return begin_putting_back(error);
  }
  drop_intent();
  finish(ActionResult::Outcome::kFailed, "refused: " + ports::describe(error));
}

ports::Refusal Chain::refusal(const ports::ApiError& error) const {
  return {.path = task_.wanted.path.text(),
          .content = task_.wanted.content_key(),
          .code = error.code.empty() ? std::to_string(error.http_status) : error.code,
          .message = error.message,
          .at = run_.ports.loop.now()};
}

/// What the session held before is refused as well: that is not about the content.
void Chain::forget_doubtful_refusal(const ports::ApiError& error) {
  if (delete_sent_ && error.kind == ports::ApiError::Kind::kInvalid) {
    run_.record({ports::change::DropRefusal{run_.in.session_id, task_.wanted.path.text(),
                                            task_.wanted.content_key()}});
  }
}

/// What was refused may be room.
void Chain::note_refusal(const ports::ApiError& error) {
  const bool may_lack_room = task_.deletes.empty() && error.kind == ports::ApiError::Kind::kInvalid;
  may_lack_room ? run_.room.refused(refusal(error)) : remember_refusal(error);
}

void Chain::remember_refusal(const ports::ApiError& error) {
  run_.record({ports::change::PutRefusal{run_.in.session_id, refusal(error)}});
}

/// Nothing was changed, so nothing has to be remembered but what an earlier chain left.
void Chain::forget_untouched() {
  if (!delete_sent_ && (previous_.empty() || !task_.deletes.empty())) {
    drop_intent();
  }
}

void Chain::give_up_untouched(const std::string& why) {
  forget_untouched();
  run_.report.put_off = true;
  finish(ActionResult::Outcome::kSkipped, why);
}

void Chain::drop_intent() {
  is_in_doubt_ = false;
  run_.record({ports::change::DropIntent{run_.in.session_id, task_.wanted.path.text()}});
}

void Chain::leave_gates(bool done) {
  if (std::exchange(in_gate_, false)) {
    run_.leave_replace_gate(done);
  }
  if (std::exchange(adds_, false)) {
    run_.room.leave_add();
  }
  if (std::exchange(swaps_, false)) {
    run_.room.leave_swap();
  }
}

void Chain::finish(ActionResult::Outcome outcome, std::string error) {
  if (std::exchange(is_in_doubt_, false)) {
    // Every other end is known: the add was not sent, or was refused.
    run_.record({ports::change::PutIntent{run_.in.session_id, intent(std::nullopt)}});
  }
  stage_ = Stage::kEnd;
  run_.close(task_.wanted.path);
  const bool done = outcome == ActionResult::Outcome::kDone;
  leave_gates(done);
  finished_({outcome, std::move(error), done ? std::string() : std::move(request_id_)});
}

}  // namespace sessync::apply
