#include "reconciler/reconcile.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "reconciler/apply/confirm_uploads.h"
#include "reconciler/apply/create_session.h"
#include "reconciler/apply/file_chain.h"
#include "reconciler/desired/desired.h"
#include "reconciler/observe/fetch_session.h"
#include "reconciler/observe/find_session.h"
#include "reconciler/observe/find_uploads.h"
#include "reconciler/observe/identify.h"
#include "reconciler/observe/observed.h"
#include "reconciler/observe/recall.h"
#include "reconciler/plan/make_plan.h"
#include "reconciler/plan/plan_session.h"
#include "reconciler/ports/pass_observer.h"
#include "reconciler/tokens/check_tokens.h"

namespace sessync {
namespace {

/// Whoever starts passes asks for a look more often than that.
constexpr Duration kLookInterval = std::chrono::hours(1);
constexpr Duration kNeededPrecision = std::chrono::minutes(15);
/// How often a session that is at work is looked at, at most, to notice that it turned idle.
constexpr Duration kBusyLook = std::chrono::seconds(10);
/// Once it turned idle its outputs are looked for at once, after the first and after the second.
constexpr Duration kFirstLook = std::chrono::seconds(2);
constexpr Duration kLateOutputs = std::chrono::seconds(10);

class Pass {
  using Remembered = tl::expected<Done, StoreError>;

 public:
  Pass(const PassInput& in, Ports& ports)
      : in_(in), ports_(ports), session_id_(in.spec->session_id.value_or("")) {}

  PassOutcome run() {
    desired_ = resolve(*in_.spec, *in_.snapshot);
    out_.warnings = desired_.warnings;
    if (find_session()) {
      decide();
      publish();
      execute();
      fetch_outputs();
    }
    return std::move(out_);
  }

 private:
  bool fail(SessionFailure failure) {
    out_.error = std::move(failure.error);
    out_.terminal = failure.terminal;
    out_.rate_limited |= failure.rate_limited;
    return false;
  }
  bool fail(const ApiError& error, const std::string& doing) {
    return fail(failure_of(error, session_id_, doing));
  }

  /// False: there is nothing that could be planned for.
  bool find_session() {
    if (in_.spec->create && !locate_created()) {
      return false;
    }
    out_.session_id = session_id_;
    memory_ = ports_.store.load(exists() ? session_id_ : unborn_id(in_.owner, in_.spec->name));
    note(forget_other_owner(memory_, session_id_, in_.owner));
    if (!exists()) {
      expire();
      commit(std::exchange(changes_, {}));
      return true;
    }
    return fetch() && observe_rows();
  }

  [[nodiscard]] bool exists() const { return !session_id_.empty(); }

  bool locate_created() {
    auto located = locate({in_.spec, in_.owner, in_.dry_run, in_.list_grace}, ports_);
    if (located.failure) {
      return fail(std::move(*located.failure));
    }
    if (located.in_doubt) {
      out_.plan.pending.push_back(
          {MountPath(),
           "it is not known whether the session was created; it is looked for before "
           "another one is made"});
      due_in(in_.list_grace);
      return false;
    }
    for (const auto& id : located.duplicates) {
      out_.warnings.push_back("session " + id + " has this entry's key as well: the oldest one, " +
                              located.info->session_id +
                              ", is used; archive the other one if nobody needs it");
    }
    info_ = std::move(located.info);
    session_id_ = info_ ? info_->session_id : std::string();
    return true;
  }

  void commit(std::vector<Change> changes) {
    if (!in_.dry_run && !changes.empty()) {
      ports_.store.commit(std::move(changes), [](const tl::expected<Done, StoreError>&) {});
    }
  }

  void due_in(Duration delay) {
    const auto wait = std::max(delay, Duration{0});
    out_.due_in = std::min(out_.due_in.value_or(wait), wait);
  }

  bool fetch() {
    auto fetched = fetch_session(session_id_, info_, must_look(), ports_);
    if (!fetched) {
      return fail(std::move(fetched.error()));
    }
    info_ = std::move(fetched->info);
    rows_ = std::move(fetched->rows);
    if (info_ && !is_look_fresh()) {
      changes_.emplace_back(change::SetLookedAt{session_id_, ports_.loop.now()});
    }
    return true;
  }

  /// What the list does not show: archiving, status, title, metadata.
  [[nodiscard]] bool must_look() const {
    return in_.look || in_.spec->outputs || !desired_.repositories.empty() || !is_look_fresh();
  }

  [[nodiscard]] bool is_look_fresh() const {
    return memory_.looked_at && ports_.loop.now() - *memory_.looked_at < kLookInterval;
  }

  bool observe_rows() {
    Identifier identifier(ports_, session_id_, memory_, in_.list_grace);
    identifier.keep_unlisted(rows_);
    Observation observation;
    observation.rows = &rows_;
    observation.known = identifier.identify(rows_);
    observation.memory = &memory_;
    observation.owner = in_.owner;
    observation.now = ports_.loop.now();
    observation.grace = in_.list_grace;
    observed_ = observe(observation, session_id_, desired_);
    note(std::move(observed_.changes));
    if (const auto count = observed_.state.files.size(); count > memory_.most_files) {
      memory_.most_files = count;
      changes_.emplace_back(change::SetMostFiles{session_id_, count});
    }
    expire();
    if (!in_.dry_run && !changes_.empty()) {
      remembered_ = std::make_shared<std::optional<Remembered>>();
      ports_.store.commit(std::exchange(changes_, {}),
                          [slot = remembered_](const Remembered& durable) { *slot = durable; });
      memory_ = ports_.store.load(session_id_);
    }
    return true;
  }

  /// What was seen must have been remembered before anything is written because of it: the record
  /// of an earlier write may be its only other trace, and is written over.
  bool is_remembered() {
    while (remembered_ && !*remembered_ && ports_.loop.run_one()) {
    }
    if (!remembered_ || (*remembered_ && **remembered_)) {
      return true;
    }
    const auto why = *remembered_ ? (*remembered_)->error().message : "stopped";
    out_.error = SessionError{"state_not_writable",
                              "what the session holds could not be recorded, so nothing was "
                              "changed in it: " +
                                  why};
    return false;
  }

  void note(std::vector<Change> changes) {
    std::ranges::move(changes, std::back_inserter(changes_));
  }

  void expire() {
    const auto id = exists() ? session_id_ : unborn_id(in_.owner, in_.spec->name);
    note(expire_refusals(memory_, id, ports_.loop.now()));
  }

  /// Declared uploads are asked for only where the inventory cannot tell that they are mounted.
  void look_up_uploads(PlanInput& input) {
    std::vector<std::string> ids;
    for (const auto& [path, wanted] : desired_.files) {
      const auto is_it = [&](const auto& file) {
        return file.path == wanted.path && holds(file, wanted, {});
      };
      if (wanted.local() == nullptr && std::ranges::none_of(observed_.state.files, is_it)) {
        ids.push_back(wanted.content_key());
      }
    }
    if (ids.empty()) {
      return;
    }
    auto found = find_uploads(ids, ports_);
    if (!found) {
      fail(found.error(), "looking up declared uploads");
      return;
    }
    input.uploads = std::move(found->files);
    for (const auto& id : ids) {
      const auto upload = input.uploads.find(id);
      const auto unanswered = found->unanswered.find(id);
      if (unanswered != found->unanswered.end()) {
        note_unanswered(id, unanswered->second, input);
      } else if (upload == input.uploads.end() || is_expired(upload->second, ports_.loop.now())) {
        input.missing_uploads.emplace(id, "the upload " + id +
                                              " does not exist or has expired; what is mounted "
                                              "here stays: upload it again and write its new id");
      }
    }
  }

  /// What is said of one upload concerns the entries that name it. Only a session that is to be
  /// created waits: it gets its files when it is.
  void note_unanswered(const std::string& id, const ApiError& error, PlanInput& input) {
    if (is_refused_for_good(error)) {
      input.missing_uploads.emplace(id, "the upload " + id + " cannot be mounted (" +
                                            describe(error) +
                                            "); what is mounted here stays: check the id");
      return;
    }
    if (!exists()) {
      fail(error, "looking up declared uploads");
      return;
    }
    out_.rate_limited |= error.kind == ApiError::Kind::kRateLimited;
    input.unknown_uploads.emplace(
        id, "it is not known whether the upload " + id + " exists (" + describe(error) + ")");
  }

  void decide() {
    PlanInput input;
    input.desired = &desired_;
    input.observed = &observed_.state;
    input.refusals = memory_.refusals;
    input.most_files = memory_.most_files;
    input.try_beyond = is_time_to_try_beyond(memory_, ports_.loop.now());
    input.session_id = session_id_;
    input.session = session_change();
    look_up_uploads(input);
    look_up_tokens(input);
    if (out_.error) {
      return;
    }
    const Policy policy{in_.spec->prune, in_.spec->on_conflict, in_.spec->max_deletes,
                        in_.spec->max_files, in_.allow_deletes};
    out_.plan = plan(input, policy);
    out_.source_lost =
        std::ranges::any_of(desired_.protected_trees, &ProtectedTree::source_missing);
    uploads_ = std::move(input.uploads);
    if (!out_.plan.pending.empty()) {
      due_in(in_.list_grace);
    }
  }

  void publish() {
    out_.suspended = in_.spec->suspend;
    if (!out_.error && ports_.observer != nullptr) {
      ports_.observer->planned(out_);
    }
  }

  [[nodiscard]] SessionChange session_change() const {
    SessionChange change;
    if (!in_.spec->create) {
      return change;
    }
    if (exists()) {
      return difference(*in_.spec->create, *info_, session_key(in_.owner, in_.spec->name));
    }
    change.kind = SessionChange::Kind::kCreate;
    change.spec = *in_.spec->create;
    change.content = creation_hash(change.spec, desired_);
    return change;
  }

  void look_up_tokens(PlanInput& input) {
    auto look = look_at_tokens(session_id_, desired_, observed_.state, memory_, ports_);
    std::ranges::move(look.warnings, std::back_inserter(out_.warnings));
    for (const auto& [path, rotation] : look.rotations) {
      if (rotation.look_at) {
        due_in(*rotation.look_at - ports_.loop.now());
      }
    }
    input.rotations = std::move(look.rotations);
  }

  /// An upload that a declared file has stays needed; one that nothing needed for a while is
  /// deleted by whoever collects.
  void mark_needed() {
    const auto now = ports_.loop.now();
    std::vector<Change> changes;
    for (const auto& [path, wanted] : desired_.files) {
      if (wanted.local() == nullptr) {
        continue;
      }
      auto upload = ports_.store.find_upload(in_.owner, wanted.local()->sha256);
      if (upload && now - upload->needed_at >= kNeededPrecision) {
        upload->needed_at = now;
        changes.emplace_back(change::PutUpload{std::move(*upload)});
      }
    }
    commit(std::move(changes));
  }

  void execute() {
    if (!in_.dry_run) {
      mark_needed();
    }
    if (out_.error || in_.dry_run || out_.suspended || out_.plan.empty() || !is_remembered() ||
        ports_.loop.stopping()) {
      return;
    }
    out_.executed = true;
    if (out_.plan.doubt_is_settled) {
      commit(settle_doubt(memory_, session_id_));
    }
    if (out_.plan.session.kind == SessionChange::Kind::kCreate) {
      return create();
    }
    update();
    if (!out_.error) {
      apply_actions();
    }
  }

  void create() {
    auto report =
        create_session({&out_.plan, &desired_, uploads_, in_.owner, in_.spec->name}, ports_);
    out_.results = std::move(report.results);
    out_.session_result = std::move(report.session);
    out_.error = std::move(report.error);
    out_.rate_limited |= report.rate_limited;
    out_.progressed = !report.session_id.empty();
    out_.session_id = session_id_ = std::move(report.session_id);
    out_.look_again = exists();  // what the API made of it is seen in its list
  }

  /// Repeating it changes nothing more, so nothing has to be remembered of it.
  void update() {
    if (out_.plan.session.kind != SessionChange::Kind::kUpdate) {
      return;
    }
    const SessionWrite write(ports_.observer);
    const auto updated = await<SessionInfo>(ports_.loop, [&](auto done) {
      ports_.api.update_session(out_.plan.session.update, std::move(done));
    });
    if (updated) {
      out_.session_result = {ActionResult::Outcome::kDone, {}};
      out_.progressed = true;
      return;
    }
    out_.session_result = {ActionResult::Outcome::kFailed,
                           "its title and metadata were not updated: " + describe(updated.error()) +
                               "; the next pass tries again"};
    out_.rate_limited |= updated.error().kind == ApiError::Kind::kRateLimited;
    if (updated.error().kind == ApiError::Kind::kAuthentication) {
      fail(updated.error(), "updating the session");
    }
  }

  void apply_actions() {
    ApplyInput input;
    input.plan = &out_.plan;
    input.memory = &memory_;
    input.uploads = uploads_;
    input.session_id = session_id_;
    input.owner = in_.owner;
    input.parallel = in_.parallel;
    auto report = apply(input, ports_);
    out_.results = std::move(report.results);
    out_.error = std::move(report.error);
    out_.terminal = out_.error && (out_.error->code == "session_not_found" ||
                                   out_.error->code == "session_archived");
    out_.rate_limited |= report.rate_limited;
    out_.look_again |= report.look_again;
    out_.progressed |= report.done > 0;
    if (out_.terminal) {
      // The next pass looks before it tries to write again.
      commit({change::SetLookedAt{session_id_, TimePoint{}}});
    }
    note_next_rotations();
  }

  /// When the tokens that were sent just now are too old.
  void note_next_rotations() {
    const auto now = ports_.loop.now();
    const auto sent = ports_.store.load(session_id_).tokens;
    for (std::size_t i = 0; i < out_.results.size(); ++i) {
      const auto& action = out_.plan.actions[i];
      const bool is_sent = action.kind == Action::Kind::kRotate &&
                           out_.results[i].outcome == ActionResult::Outcome::kDone;
      const auto record = std::ranges::find(sent, action.resource_id, &TokenRecord::resource_id);
      if (!is_sent || record == sent.end()) {
        continue;
      }
      if (record->renew_at) {
        due_in(*record->renew_at - now);
      }
      if (action.repository->rotate_every) {
        due_in(*action.repository->rotate_every);
      }
    }
  }

  /// Outputs appear up to a few seconds after a session turned idle, and no event says so.
  void fetch_outputs() {
    if (!in_.spec->outputs || !exists() || out_.error || !info_) {
      return;
    }
    note_status();
    // A destination that may not be used is said by a plan too.
    if ((in_.dry_run && in_.outputs_refusal.empty()) || out_.suspended || ports_.loop.stopping()) {
      return;
    }
    auto report =
        pull_outputs({session_id_, &*in_.spec->outputs, &memory_, in_.outputs_refusal}, ports_);
    out_.fetched = std::move(report.fetched);
    std::ranges::move(report.blocked, std::back_inserter(out_.plan.blocked));
    std::ranges::stable_sort(out_.plan.blocked, {}, &Blocked::path);
    if (report.error && !out_.error) {
      out_.error = std::move(report.error);
    }
    out_.unfinished |= report.again;
  }

  void note_status() {
    const auto now = ports_.loop.now();
    const auto before = memory_.status;
    if (!before || before->status != info_->status) {
      memory_.status = SeenStatus{info_->status, now};
      commit({change::SetStatus{session_id_, *memory_.status}});
    }
    if (info_->status != "idle") {
      return due_in(std::max<Duration>(kBusyLook, in_.spec->interval / 10));
    }
    const auto idle = now - memory_.status->since;
    if (before && idle < kLateOutputs) {
      due_in(idle < kFirstLook ? kFirstLook : kLateOutputs - idle);
    }
  }

  const PassInput& in_;
  Ports& ports_;
  std::string session_id_;
  DesiredState desired_;
  SessionMemory memory_;
  std::vector<ResourceRow> rows_;
  Observed observed_;
  std::optional<SessionInfo> info_;
  std::map<std::string, FileMetadata> uploads_;
  std::vector<Change> changes_;
  std::shared_ptr<std::optional<Remembered>> remembered_;  ///< nothing: there was nothing to
  PassOutcome out_;
};

}  // namespace

bool PassOutcome::settled() const {
  const bool all_done = std::ranges::all_of(results, [](const ActionResult& result) {
    return result.outcome == ActionResult::Outcome::kDone;
  });
  const bool session_done = plan.session.kind == SessionChange::Kind::kNone ||
                            session_result.outcome == ActionResult::Outcome::kDone;
  return !error && !look_again && !unfinished && plan.pending.empty() &&
         (plan.empty() || (executed && all_done && session_done));
}

PassOutcome reconcile(const PassInput& input, Ports& ports) { return Pass(input, ports).run(); }

}  // namespace sessync
