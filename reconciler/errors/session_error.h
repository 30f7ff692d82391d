#pragma once

#include <string>

#include "reconciler/ports/api_error.h"

namespace sessync {

/// Why a session can be worked on no further until somebody acts.
struct SessionError {
  std::string
      code;  ///< snake_case: session_not_found, session_archived, authentication_failed, ...
  std::string message;
};

/// Why a pass cannot go on with its session.
struct SessionFailure {
  SessionError error;
  bool terminal = false;  ///< gone or archived: only a manifest change or a slow retry can help
  bool rate_limited = false;
};

/// What a failed call means for the session; `doing` completes "while ...".
SessionFailure failure_of(const ApiError& error, const std::string& session_id,
                          const std::string& doing);

/// Refused, and repeating the same would be refused again.
bool is_refused_for_good(const ApiError& error);

/// Nothing in an archived session can be changed. `advice` says what to do.
SessionFailure archived_failure(const std::string& session_id, const std::string& at,
                                const std::string& advice);

}  // namespace sessync
