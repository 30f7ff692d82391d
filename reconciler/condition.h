#pragma once

#include <string>
#include <vector>

#include "reconciler/reconcile.h"

namespace sessync {

/// One statement about a session, in the form of Kubernetes conditions.
struct Condition {
  std::string type;  ///< Ready | Reconciling | Stalled | Drifted
  bool status = false;
  std::string reason;  ///< CamelCase, from a closed set
  std::string message;
  friend bool operator==(const Condition&, const Condition&) = default;
};

/// What a pass means for its session: always the four conditions, in the order above.
std::vector<Condition> conditions_of(const PassOutcome& outcome);

}  // namespace sessync
