#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/apply/apply.h"
#include "reconciler/desired/desired.h"
#include "reconciler/plan/plan.h"
#include "reconciler/ports/ports.h"

namespace sessync::apply {

/// What create_session() needs beside its ports. What it refers to outlives the call.
struct CreateInput {
  const plan::Plan& plan;  ///< its session change is a create, its actions are adds
  const desired::DesiredState& desired;
  std::map<std::string, ports::FileMetadata> uploads;  ///< declared file ids that exist
  std::string owner;
  std::string name;  ///< of the entry; with the owner it is the key by which the session is found
};

/// What came of it. Nothing is attached to a session that was not created.
struct CreateReport {
  std::vector<ActionResult> results;      ///< one per action of the plan, in its order
  ActionResult session;                   ///< of the create itself
  std::optional<std::string> session_id;  ///< nothing: it was not created
  std::optional<errors::SessionError> error;
  bool rate_limited = false;
};

/// Makes the session together with everything that is attached to it: uploads first, then the
/// tokens, then one call, which the API answers once everything is mounted. What may have been
/// carried out is in the state before it is sent: if the answer is lost the session is looked for
/// by its key before another one is made.
///
/// A file that the API refuses is left out, and dealt with once the session exists; a token that
/// cannot be fetched keeps the session from being created, because a repository cannot be attached
/// later. Runs on the calling thread, which pumps `ports.loop`.
CreateReport create_session(const CreateInput& input, ports::Ports& ports);

}  // namespace sessync::apply
