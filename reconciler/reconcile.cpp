#include "reconciler/reconcile.h"

#include <algorithm>
#include <utility>

#include "reconciler/chain.h"
#include "reconciler/desired.h"
#include "reconciler/identify.h"
#include "reconciler/observed.h"

namespace sessync {
namespace {

constexpr Duration kLookInterval = std::chrono::hours(1);
constexpr Duration kRefusalLife = std::chrono::hours(1);
constexpr Duration kNeededPrecision = std::chrono::minutes(15);

class Pass {
 public:
  Pass(const PassInput& in, Ports& ports)
      : in_(in), ports_(ports), session_id_(in.spec->session_id.value_or("")) {}

  PassOutcome run() {
    out_.session_id = session_id_;
    desired_ = resolve(*in_.spec, *in_.snapshot);
    out_.warnings = desired_.warnings;
    if (in_.spec->create) {
      out_.plan.blocked = desired_.blocked;
      return std::move(out_);
    }
    memory_ = ports_.store.load(session_id_);
    if (look() && list() && observe_rows()) {
      decide();
      execute();
    }
    return std::move(out_);
  }

 private:
  void fail(const ApiError& error, const std::string& doing) {
    using Kind = ApiError::Kind;
    switch (error.kind) {
      case Kind::kNotFound:
        out_.terminal = true;
        out_.error = SessionError{
            "session_not_found",
            "session " + session_id_ + " does not exist, or not for this key and workspace (" +
                describe(error) + "); nothing is created in its place: check session_id"};
        return;
      case Kind::kAuthentication:
        out_.error = SessionError{"authentication_failed", "the API refused the key while " +
                                                               doing + ": " + describe(error) +
                                                               "; the session is left as it is"};
        return;
      case Kind::kRateLimited:
        out_.rate_limited = true;
        out_.error = SessionError{"rate_limited", doing + ": " + describe(error)};
        return;
      default:
        out_.error = SessionError{
            "api_error", doing + " failed: " + describe(error) + "; the session is left as it is"};
    }
  }

  void archived(const std::string& at) {
    out_.terminal = true;
    out_.error = SessionError{"session_archived",
                              "session " + session_id_ + " was archived at " + at +
                                  "; nothing in it can be changed: remove it from the manifest or "
                                  "name another session"};
  }

  /// Archiving shows in the session only, not in its list.
  bool look() {
    const auto now = ports_.loop.now();
    if (memory_.looked_at && now - *memory_.looked_at < kLookInterval) {
      return true;
    }
    const auto info = await<SessionInfo>(
        ports_.loop, [&](auto done) { ports_.api.get_session(session_id_, std::move(done)); });
    if (!info) {
      fail(info.error(), "looking at the session");
      return false;
    }
    if (info->archived_at) {
      archived(*info->archived_at);
      return false;
    }
    changes_.emplace_back(change::SetLookedAt{session_id_, now});
    return true;
  }

  bool list() {
    auto rows = await<std::vector<ResourceRow>>(
        ports_.loop, [&](auto done) { ports_.api.list_resources(session_id_, std::move(done)); });
    if (!rows) {
      fail(rows.error(), "listing the session's resources");
      return false;
    }
    rows_ = std::move(*rows);
    return true;
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
    out_.look_again = observed_.look_again;
    std::ranges::move(observed_.changes, std::back_inserter(changes_));
    expire_refusals();
    if (!in_.dry_run && !changes_.empty()) {
      ports_.store.commit(std::exchange(changes_, {}),
                          [](const tl::expected<Done, StoreError>&) {});
      memory_ = ports_.store.load(session_id_);
    }
    return true;
  }

  void expire_refusals() {
    const auto now = ports_.loop.now();
    std::erase_if(memory_.refusals, [&](const Refusal& refusal) {
      const bool old = now - refusal.at >= kRefusalLife;
      if (old) {
        changes_.emplace_back(change::DropRefusal{session_id_, refusal.path});
      }
      return old;
    });
  }

  /// Declared uploads are asked for only where the inventory cannot tell that they are mounted.
  void look_up_uploads(PlanInput& input) {
    std::vector<std::string> ids;
    for (const auto& [path, wanted] : desired_.files) {
      const bool mounted = std::ranges::any_of(observed_.state.files, [&](const auto& file) {
        return file.path == wanted.path && holds(file, wanted, {});
      });
      if (wanted.local() == nullptr && !mounted) {
        ids.push_back(wanted.content_key());
      }
    }
    if (ids.empty()) {
      return;
    }
    const auto found = await<std::vector<FileMetadata>>(
        ports_.loop, [&](auto done) { ports_.api.find_files(ids, std::move(done)); });
    if (!found) {
      return fail(found.error(), "looking up declared uploads");
    }
    for (const auto& file : *found) {
      input.uploads.emplace(file.file_id, file);
    }
    std::ranges::copy_if(ids, std::back_inserter(input.missing_uploads),
                         [&](const auto& id) { return !input.uploads.contains(id); });
  }

  void decide() {
    PlanInput input;
    input.desired = &desired_;
    input.observed = &observed_.state;
    input.refusals = memory_.refusals;
    input.session_id = session_id_;
    look_up_uploads(input);
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
      out_.retry_after = in_.list_grace;
    }
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
    if (!changes.empty()) {
      ports_.store.commit(std::move(changes), [](const tl::expected<Done, StoreError>&) {});
    }
  }

  void execute() {
    out_.suspended = in_.spec->suspend;
    if (!in_.dry_run) {
      mark_needed();
    }
    if (out_.error || in_.dry_run || out_.suspended || out_.plan.empty()) {
      return;
    }
    ApplyInput input;
    input.plan = &out_.plan;
    input.memory = &memory_;
    input.uploads = uploads_;
    input.session_id = session_id_;
    input.owner = in_.owner;
    input.max_files = in_.spec->max_files;
    input.parallel = in_.parallel;
    auto report = apply(input, ports_);
    out_.executed = true;
    out_.results = std::move(report.results);
    out_.error = std::move(report.error);
    out_.terminal = out_.error && (out_.error->code == "session_not_found" ||
                                   out_.error->code == "session_archived");
    out_.rate_limited |= report.rate_limited;
    out_.progressed = report.done > 0;
  }

  const PassInput& in_;
  Ports& ports_;
  std::string session_id_;
  DesiredState desired_;
  SessionMemory memory_;
  std::vector<ResourceRow> rows_;
  Observed observed_;
  std::map<std::string, FileMetadata> uploads_;
  std::vector<Change> changes_;
  PassOutcome out_;
};

}  // namespace

bool PassOutcome::settled() const {
  const bool all_done = std::ranges::all_of(results, [](const ActionResult& result) {
    return result.outcome == ActionResult::Outcome::kDone;
  });
  return !error && !look_again && plan.pending.empty() && (plan.empty() || (executed && all_done));
}

PassOutcome reconcile(const PassInput& input, Ports& ports) { return Pass(input, ports).run(); }

}  // namespace sessync
