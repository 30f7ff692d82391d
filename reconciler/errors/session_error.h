#pragma once

#include <string>

#include "reconciler/ports/api_error.h"

namespace sessync::errors {

/// Why a session can be worked on no further in this pass.
struct SessionError {
  enum class Code {
    kApiError,              ///< a call failed in a way that may pass
    kRateLimited,           ///< the same, for being called too often
    kAuthenticationFailed,  ///< the API refused the key, or there is none that can be sent
    kBilling,               ///< the account is on hold, or full
    kSessionNotFound,       ///< terminal: it does not exist, or not for this key
    kSessionArchived,       ///< terminal: nothing in it can be changed
    kSessionNotCreated,     ///< there is none yet from which something could be fetched
    kSourceUnavailable,     ///< what is declared could not be read
    kWrongMarkerKey,        ///< what is ours was marked with a key that is none of these
    kAgeUnknown,            ///< how old files are is not known
    kOutputsNotStored,      ///< outputs could not be written here
    kStateNotWritable,      ///< what was seen could not be recorded
    kStateUnavailable,      ///< what was remembered could not be read
    kPolicyInvalid,         ///< there is no policy that counts, so nothing is allowed
    kOutOfResources,        ///< this machine had no descriptors, threads or memory left
    kInternalError,         ///< a fault of ours
  };
  Code code = Code::kInternalError;
  std::string message;  ///< for operators; carries no credential
};

/// The code's name in output, snake_case: session_not_found, ...
const char* to_string(SessionError::Code code);

/// Gone or archived: only a manifest change or a slow retry can help.
bool is_terminal(SessionError::Code code);

/// Why a pass cannot go on with its session.
struct SessionFailure {
  SessionError error;
  bool terminal = false;  ///< gone or archived: only a manifest change or a slow retry can help
  bool rate_limited = false;
};

/// What a failed call means for the session; `doing` completes "while ...". `session_id` is shown
/// only where the session is what was not found.
SessionFailure failure_of(const ports::ApiError& error, const std::string& session_id,
                          const std::string& doing);

/// What is ours in the session was marked with a key that this process does not have.
SessionFailure wrong_marker_key(const std::string& session_id, const std::string& owner);

/// Refused, and repeating the same would be refused again, so it is remembered instead.
bool is_refused_for_good(const ports::ApiError& error);

/// Nothing in an archived session can be changed: the API refuses every write. Terminal. `advice`
/// says what to do.
SessionFailure archived_failure(const std::string& session_id, const std::string& at,
                                const std::string& advice);

}  // namespace sessync::errors
