#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconciler/desired/desired.h"
#include "reconciler/observe/observed.h"
#include "reconciler/ports/ports.h"
#include "reconciler/tokens/rotation_decision.h"

namespace sessync {

struct TokenChecks {
  std::map<MountPath, Rotation> rotations;  ///< of declared repositories that have a token
  std::vector<std::string> warnings;
};

/// Asks every declared token's source what it has, and the session for authentication errors. A
/// session that does not exist yet has the id "".
TokenChecks check_tokens(const std::string& session_id, const DesiredState& desired,
                         const ObservedState& observed, const SessionMemory& memory, Ports& ports);

}  // namespace sessync
