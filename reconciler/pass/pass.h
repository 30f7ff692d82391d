#pragma once

#include <optional>
#include <string>
#include <vector>

#include "manifest/spec.h"
#include "reconciler/apply/report.h"
#include "reconciler/desired/left_out.h"
#include "reconciler/errors/session_error.h"
#include "reconciler/limits.h"
#include "reconciler/outputs/pull_outputs.h"
#include "reconciler/plan/plan.h"
#include "reconciler/ports/snapshot.h"

/// What goes into a pass over one session, and what comes out of it.
namespace sessync::pass {

/// What is referred to outlives the pass.
struct PassInput {
  const manifest::SessionSpec& spec;
  const ports::WorkspaceSnapshot& snapshot;
  std::string owner;  ///< whose marker uploads have, and whose rows are ours
  std::optional<std::string> allow_deletes{};  ///< the Held::id that may pass, once
  bool dry_run = false;  ///< writes nothing: neither to the API nor to the store
  int parallel = reconciler::kParallelChains;  ///< chains at once, at least 1
  bool refresh = false;  ///< the session itself is read too, not only its list
  /// How long a list may lag behind our own writes.
  ports::Duration list_grace = reconciler::kListGrace;
  /// Why nothing may be written to the destination of outputs; nothing: it may.
  std::optional<std::string> outputs_refusal{};
  /// What the session's outputs came to lately, where they are fetched beside passes: this one says
  /// so, and whether they are due again. Null: it fetches them itself.
  const outputs::OutputsReport* outputs_beside = nullptr;
};

/// What one pass saw and did. Each step adds what it learned.
struct PassOutcome {
  std::string session_id;  ///< "" if there is none yet
  plan::Plan plan;
  std::vector<apply::ActionResult> results;     ///< one per action; empty if nothing was executed
  apply::ActionResult session_result;           ///< of what the plan does to the session itself
  std::vector<outputs::FetchedOutput> fetched;  ///< outputs that arrived in this pass
  /// Nothing, or not everything, could be decided or done.
  std::optional<errors::SessionError> error;
  std::vector<std::string> warnings;  ///< for operators; they change nothing
  desired::LeftOutPaths::Count left_out;
  bool executed = false;      ///< the plan was carried out, as far as `results` say
  bool suspended = false;     ///< so the plan was only made
  bool source_lost = false;   ///< a declared source is missing or unreadable
  bool terminal = false;      ///< gone or archived: only a manifest change or a slow retry can help
  bool rate_limited = false;  ///< some call was answered 429
  bool pass_again = false;    ///< the next pass may decide more, without waiting
  bool progressed = false;    ///< some write was carried out
  /// It is known of every row whose it is, and none of ours can be hidden any more.
  bool identified = false;
  bool unfinished = false;   ///< some output could not be fetched for now
  bool outputs_due = false;  ///< to be fetched beside: see PassInput::outputs_beside
  /// There is something to do then, without an event.
  std::optional<ports::Duration> next_check_in;

  /// The session holds what is declared, except for blocked entries.
  [[nodiscard]] bool settled() const;
  /// settled(), and nothing is blocked.
  [[nodiscard]] bool converged() const { return settled() && plan.blocked.empty(); }

  /// Sets `error`, and what the failure says of later passes.
  void fail(errors::SessionFailure failure);
  /// There is something to do after `delay`, if not before.
  void check_again_in(ports::Duration delay);
};

}  // namespace sessync::pass
