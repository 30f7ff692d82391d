#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/apply/apply.h"
#include "reconciler/desired/desired.h"
#include "reconciler/plan/plan.h"
#include "reconciler/ports/ports.h"

namespace sessync {

struct CreateInput {
  const Plan& plan;  ///< its session change is kCreate, its actions are adds
  const DesiredState& desired;
  std::map<std::string, FileMetadata> uploads;  ///< declared file ids that exist
  std::string owner;
  std::string name;
};

struct CreateReport {
  std::vector<ActionResult> results;  ///< one per action of the plan, in its order
  ActionResult session;
  std::optional<std::string> session_id;  ///< nothing: it was not created
  std::optional<SessionError> error;
  bool rate_limited = false;
};

/// Makes the session together with everything that is attached to it: uploads first, then the
/// tokens, then one call. What may have been carried out is in the state before it is sent.
CreateReport create_session(const CreateInput& input, Ports& ports);

}  // namespace sessync
