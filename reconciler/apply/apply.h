#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/plan/plan.h"
#include "reconciler/ports/ports.h"

namespace sessync {

struct ApplyInput {
  const Plan* plan = nullptr;
  const SessionMemory* memory = nullptr;
  std::map<std::string, FileMetadata> uploads;  ///< declared file ids that exist
  std::string session_id;
  std::string owner;
  int parallel = 32;  ///< chains at once
};

struct ActionResult {
  enum class Outcome { kDone, kFailed, kSkipped };
  Outcome outcome = Outcome::kSkipped;
  std::string error{};       ///< what happened and what happens next; "" when done
  std::string request_id{};  ///< of the answer that decided a failure; "" if there was none
  TimePoint ended_at{};      ///< when its last call was answered; the epoch if that is not known
  Duration took{0};          ///< since it was begun
};

/// The outcome's name in output: done, failed, skipped.
const char* to_string(ActionResult::Outcome outcome);

/// Why a session can be worked on no further until somebody acts.
struct SessionError {
  std::string
      code;  ///< snake_case: session_not_found, session_archived, authentication_failed, ...
  std::string message;
};

struct ApplyReport {
  std::vector<ActionResult> results;  ///< one per action of the plan, in its order
  std::optional<SessionError> error;
  bool put_off = false;     ///< some action waits for a later pass
  bool look_again = false;  ///< the session holds more than it seemed to: more can be planned
  bool rate_limited = false;
  std::uint64_t done = 0;  ///< actions carried out
};

/// Executes exactly `input.plan`: adds and replaces as chains that run at once, one per path, then
/// what is to be deleted. Never throws; each action's fate is in the report.
ApplyReport apply(const ApplyInput& input, Ports& ports);

}  // namespace sessync
