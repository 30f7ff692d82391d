#include "reconciler/errors/session_error.h"

namespace sessync {

SessionFailure failure_of(const ApiError& error, const std::string& session_id,
                          const std::string& doing) {
  using Kind = ApiError::Kind;
  switch (error.kind) {
    case Kind::kNotFound:
      return {{"session_not_found",
               "session " + session_id + " does not exist, or not for this key and workspace (" +
                   describe(error) + "); nothing is created in its place: check session_id"},
              true,
              false};
    case Kind::kAuthentication:
      if (error.http_status == 0) {
        return {{"authentication_failed", "nothing was sent to the API while " + doing + ": " +
                                              describe(error) + "; the session is left as it is"},
                false,
                false};
      }
      return {{"authentication_failed",
               "the API refused the key while " + doing + ": " + describe(error) +
                   "; the session is left as it is: check ANTHROPIC_API_KEY or --api-key-file"},
              false,
              false};
    case Kind::kRateLimited:
      return {{"rate_limited", doing + ": " + describe(error)}, false, true};
    default:
      return {
          {"api_error", doing + " failed: " + describe(error) + "; the session is left as it is"},
          false,
          false};
  }
}

bool is_refused_for_good(const ApiError& error) {
  using Kind = ApiError::Kind;
  return error.kind == Kind::kInvalid || error.kind == Kind::kPermission ||
         error.kind == Kind::kNotFound || error.kind == Kind::kTooLarge;
}

SessionFailure archived_failure(const std::string& session_id, const std::string& at,
                                const std::string& advice) {
  return {{"session_archived", "session " + session_id + " was archived at " + at +
                                   "; nothing in it can be changed: " + advice},
          true,
          false};
}

}  // namespace sessync
