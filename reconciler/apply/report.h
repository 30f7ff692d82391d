#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/errors/session_error.h"
#include "reconciler/ports/api_error.h"

namespace sessync::apply {

/// What became of one action.
struct ActionResult {
  enum class Outcome {
    kDone,
    kFailed,   ///< a call was refused, or its outcome is not known
    kSkipped,  ///< nothing was sent for it
  };
  Outcome outcome = Outcome::kSkipped;
  std::string error{};          ///< what happened and what happens next; "" when done
  std::string request_id{};     ///< of the answer that decided a failure; "" if there was none
  ports::TimePoint ended_at{};  ///< when its last call was answered; the epoch if that is not known
  ports::Duration took{0};      ///< since it was begun
};

/// The outcome's name in output: done, failed, skipped.
const char* to_string(ActionResult::Outcome outcome);

/// What became of a plan.
struct ApplyReport {
  std::vector<ActionResult> results;  ///< one per action of the plan, in its order
  /// Why nothing more was begun; nothing: all of it was.
  std::optional<errors::SessionError> error;
  bool put_off = false;     ///< some action waits for a later pass
  bool pass_again = false;  ///< the session holds more than it seemed to: more can be planned
  bool rate_limited = false;
  std::uint64_t done = 0;  ///< actions carried out
};

}  // namespace sessync::apply
