#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconciler/desired/desired.h"
#include "reconciler/observe/observed.h"
#include "reconciler/ports/ports.h"
#include "reconciler/tokens/rotation_decision.h"

namespace sessync::tokens {

/// What is known of the tokens of a session's repositories.
struct TokenChecks {
  /// Of declared repositories that have a token.
  std::map<manifest::MountPath, Rotation> rotations;
  std::vector<std::string> warnings;  ///< what could not be learned, for operators
};

/// Asks every declared token's source what it has, and the session for authentication errors: that
/// GitHub refused a token the API says in an event of the session. A session that does not exist
/// yet has the id "", and is asked nothing.
///
/// Mints nothing and sends nothing. A source that does not answer is a verdict of its repository, a
/// list of events that fails is a warning: neither fails the pass. Pumps the loop.
TokenChecks check_tokens(const std::string& session_id, const desired::DesiredState& desired,
                         const observe::ObservedState& observed, const ports::Inventory& inventory,
                         ports::Ports& ports);

}  // namespace sessync::tokens
