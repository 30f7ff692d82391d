#include "reconciler/errors/session_error.h"

namespace sessync::errors {

const char* to_string(SessionError::Code code) {
  using Code = SessionError::Code;
  switch (code) {
    case Code::kApiError:
      return "api_error";
    case Code::kRateLimited:
      return "rate_limited";
    case Code::kAuthenticationFailed:
      return "authentication_failed";
    case Code::kBilling:
      return "billing";
    case Code::kSessionNotFound:
      return "session_not_found";
    case Code::kSessionArchived:
      return "session_archived";
    case Code::kSessionNotCreated:
      return "session_not_created";
    case Code::kSourceUnavailable:
      return "source_unavailable";
    case Code::kWrongMarkerKey:
      return "wrong_marker_key";
    case Code::kAgeUnknown:
      return "age_unknown";
    case Code::kOutputsNotStored:
      return "outputs_not_stored";
    case Code::kStateNotWritable:
      return "state_not_writable";
    case Code::kStateUnavailable:
      return "state_unavailable";
    case Code::kPolicyInvalid:
      return "policy_invalid";
    case Code::kOutOfResources:
      return "out_of_resources";
    case Code::kInternalError:
      return "internal_error";
  }
  return "internal_error";
}

bool is_terminal(SessionError::Code code) {
  return code == SessionError::Code::kSessionNotFound ||
         code == SessionError::Code::kSessionArchived;
}

SessionFailure failure_of(const ports::ApiError& error, const std::string& session_id,
                          const std::string& doing) {
  using Kind = ports::ApiError::Kind;
  using Code = SessionError::Code;
  switch (error.kind) {
    case Kind::kNotFound:
      return {{Code::kSessionNotFound,
               "session " + session_id + " does not exist, or not for this key and workspace (" +
                   ports::describe(error) + "); nothing is created in its place: check session_id"},
              true,
              false};
    case Kind::kAuthentication:
      if (error.http_status == 0) {
        return {{Code::kAuthenticationFailed, "nothing was sent to the API while " + doing + ": " +
                                                  ports::describe(error) +
                                                  "; the session is left as it is"},
                false,
                false};
      }
      return {{Code::kAuthenticationFailed,
               "the API refused the key while " + doing + ": " + ports::describe(error) +
                   "; the session is left as it is: check ANTHROPIC_API_KEY or --api-key-file"},
              false,
              false};
    case Kind::kRateLimited:
      return {{Code::kRateLimited, doing + ": " + ports::describe(error)}, false, true};
    default:
      return {{Code::kApiError,
               doing + " failed: " + ports::describe(error) + "; the session is left as it is"},
              false,
              false};
  }
}

SessionFailure wrong_marker_key(const std::string& session_id, const std::string& owner) {
  return {{SessionError::Code::kWrongMarkerKey,
           "no file of session " + session_id + " that has a marker of owner " + owner +
               " was marked with a key of --marker-key-file, and nothing else says which of them "
               "are ours; nothing is changed in it: add the key that they were marked with as the "
               "last line of that file, or, if it is lost, give the manifest another owner"},
          false,
          false};
}

bool is_refused_for_good(const ports::ApiError& error) {
  using Kind = ports::ApiError::Kind;
  return error.kind == Kind::kInvalid || error.kind == Kind::kPermission ||
         error.kind == Kind::kNotFound || error.kind == Kind::kTooLarge;
}

SessionFailure archived_failure(const std::string& session_id, const std::string& at,
                                const std::string& advice) {
  return {
      {SessionError::Code::kSessionArchived, "session " + session_id + " was archived at " + at +
                                                 "; nothing in it can be changed: " + advice},
      true,
      false};
}

}  // namespace sessync::errors
