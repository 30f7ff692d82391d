#pragma once

#include <string>
#include <vector>

#include "reconciler/reconcile.h"

namespace sessync::reconciler {

/// One statement about a session, in the form of Kubernetes conditions.
struct Condition {
  std::string type;  ///< Ready | Reconciling | Stalled | Drifted
  bool status = false;
  std::string reason;  ///< CamelCase, from a closed set
  std::string message;
  friend bool operator==(const Condition&, const Condition&) = default;
};

/// What is known of a pass that is under way, as of now.
struct PassProgress {
  std::string name;
  std::optional<pass::PassOutcome> found;         ///< so far, if something is to be done
  std::optional<ports::TimePoint> known_since;    ///< that something is to be done
  std::optional<ports::TimePoint> waiting_since;  ///< for whatever it waits now
  bool reads_workspace = false;                   ///< that is what it does
  std::optional<ports::TimePoint> limited_until;  ///< its calls wait for the end of a rate limit
};

/// What it means for its session that a pass is not over yet, likewise. Without `found`: that
/// nobody knows whether the session holds what is declared.
std::vector<Condition> conditions_of(const PassProgress& pass);

/// What a pass means for its session: always the four conditions, in the order above. The same
/// reason and message stand in the first three, because one thing decides all of them: the error,
/// else a suspension, else what is not settled, else what is blocked. Reasons are listed in
/// deploy/README.md. Pure.
std::vector<Condition> conditions_of(const pass::PassOutcome& outcome);

}  // namespace sessync::reconciler
