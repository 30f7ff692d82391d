#include "reconciler/condition.h"

#include <algorithm>
#include <string>

#include "reconciler/observe/server_time.h"

namespace sessync::reconciler {
namespace {

struct Verdict {
  std::string reason;
  std::string message;
  bool ready = false;
  bool stalled = false;  ///< nothing will change until somebody acts
};

Verdict of_error(const errors::SessionError& error) {
  using Code = errors::SessionError::Code;
  switch (error.code) {
    case Code::kAuthenticationFailed:
      return {"AuthenticationFailed", error.message, false, true};
    case Code::kSessionNotFound:
      return {"SessionNotFound", error.message, false, true};
    case Code::kSessionArchived:
      return {"SessionArchived", error.message, false, true};
    case Code::kWrongMarkerKey:
      return {"WrongMarkerKey", error.message, false, true};
    case Code::kStateNotWritable:
    case Code::kStateUnavailable:
      return {"StateUnavailable", error.message, false, true};
    case Code::kPolicyInvalid:
      return {"PolicyInvalid", error.message, false, true};
    case Code::kRateLimited:
      return {"RateLimited", error.message, false, false};
    case Code::kApiError:
    case Code::kBilling:
    case Code::kSessionNotCreated:
    case Code::kSourceUnavailable:
    case Code::kAgeUnknown:
    case Code::kOutputsNotStored:
    case Code::kOutOfResources:
    case Code::kInternalError:
      break;
  }
  return {"ProgressingWithRetry", error.message, false, false};
}

const char* reason_of(desired::BlockCode code) {
  switch (code) {
    case desired::BlockCode::kGuard:
      return "DeletionBlocked";
    case desired::BlockCode::kConflict:
    case desired::BlockCode::kPathCollision:
      return "Conflict";
    case desired::BlockCode::kOwnerConflict:
      return "OwnerConflict";
    case desired::BlockCode::kRequiresNewSession:
      return "RequiresNewSession";
    case desired::BlockCode::kQuota:
      return "QuotaExceeded";
    case desired::BlockCode::kSecretUnavailable:
      return "SecretUnavailable";
    case desired::BlockCode::kNotAllowed:
      return "NotAllowed";
    case desired::BlockCode::kInvalidName:
    case desired::BlockCode::kRefused:
    case desired::BlockCode::kFileNotFound:
    case desired::BlockCode::kUnstable:
    case desired::BlockCode::kTooLarge:
    case desired::BlockCode::kSecret:
    case desired::BlockCode::kSecretSuspected:
    case desired::BlockCode::kLinkOutside:
    case desired::BlockCode::kOutputTooLarge:
      return "PartiallyApplied";
  }
  return "PartiallyApplied";
}

/// Only for showing: what is done about a refusal does not depend on its words.
bool lacks_read_tool(const desired::Blocked& blocked) {
  return blocked.code == desired::BlockCode::kRefused &&
         blocked.reason.find("Missing required tool") != std::string::npos;
}

Verdict of_blocked(const pass::PassOutcome& outcome) {
  const auto& first = outcome.plan.blocked.front();
  const auto count = outcome.plan.blocked.size();
  Verdict verdict{reason_of(first.code), desired::place_of(first) + ": " + first.reason, false,
                  true};
  if (outcome.source_lost) {
    verdict.reason = "SourceUnavailable";
  }
  if (lacks_read_tool(first)) {
    verdict.reason = "ReadToolMissing";
  }
  if (count > 1) {
    verdict.message += " (and " + std::to_string(count - 1) + " more blocked)";
  }
  return verdict;
}

Verdict of_unsettled(const pass::PassOutcome& outcome) {
  if (!outcome.session_result.error.empty()) {
    return {outcome.rate_limited ? "RateLimited" : "ProgressingWithRetry",
            outcome.session_result.error, false, false};
  }
  const auto failed = std::ranges::find_if(
      outcome.results, [](const apply::ActionResult& result) { return !result.error.empty(); });
  const auto unread = std::ranges::find_if(outcome.plan.pending, &plan::Pending::unread);
  if (failed == outcome.results.end() && unread != outcome.plan.pending.end()) {
    return {"Progressing", unread->path.text() + ": " + unread->reason, false, false};
  }
  if (failed == outcome.results.end()) {
    return {"Progressing",
            outcome.plan.pending.empty() ? "looking again at what was done"
                                         : "waiting for the outcome of earlier writes",
            false, false};
  }
  return {outcome.rate_limited ? "RateLimited" : "ProgressingWithRetry", failed->error, false,
          false};
}

Verdict judge(const pass::PassOutcome& outcome) {
  if (outcome.error) {
    return of_error(*outcome.error);
  }
  if (outcome.suspended) {
    return {"Suspended", "watched, nothing is written", false, true};
  }
  if (!outcome.settled()) {
    return of_unsettled(outcome);
  }
  if (!outcome.plan.blocked.empty()) {
    return of_blocked(outcome);
  }
  return {"Succeeded", "the session holds what is declared", true, false};
}

Verdict judge(const PassProgress& pass) {
  if (pass.limited_until) {
    return {"RateLimited",
            "the API limits the rate of calls: this session waits until " +
                observe::timestamp(*pass.limited_until),
            false, false};
  }
  if (pass.found) {
    return {"Progressing", "changes are under way", false, false};
  }
  return {"Progressing",
          pass.reads_workspace ? "reading what the session should hold"
                               : "waiting for an answer of the API",
          false, false};
}

}  // namespace

std::vector<Condition> conditions_of(const PassProgress& pass) {
  const auto verdict = judge(pass);
  return {{"Ready", false, verdict.reason, verdict.message},
          {"Reconciling", true, verdict.reason, verdict.message},
          {"Stalled", false, verdict.reason, verdict.message},
          {"Drifted", false, "Succeeded", std::string()}};
}

std::vector<Condition> conditions_of(const pass::PassOutcome& outcome) {
  const auto verdict = judge(outcome);
  const bool drifted = outcome.suspended && !outcome.plan.empty();
  return {
      {"Ready", verdict.ready, verdict.reason, verdict.message},
      {"Reconciling", !verdict.ready && !verdict.stalled, verdict.reason, verdict.message},
      {"Stalled", verdict.stalled, verdict.reason, verdict.message},
      {"Drifted", drifted, drifted ? "Suspended" : "Succeeded",
       drifted ? std::to_string(outcome.plan.actions.size()) + " changes are due" : std::string()},
  };
}

}  // namespace sessync::reconciler
