#pragma once

#include <string>
#include <vector>

#include "daemon/status/status.h"

/// What the page says first. verdict.js draws the same conclusions from the same facts.
namespace sessync::page {

/// One word for a session; the worst first.
enum class State { kFailed, kRetrying, kBlocked, kOutdated, kSyncing, kSuspended, kEqual };

State state_of(const SessionStatus& session);
const char* name_of(State state);  ///< one word, lower case
const char* sign_of(State state);  ///< one character: the same that `plan` prints, where it has one
inline bool is_problem(State state) { return state <= State::kOutdated; }

/// The condition of this type; an empty one if there is none.
const Condition& condition_of(const SessionStatus& session, const std::string& type);

/// What a session's row says in a line: "reason: message".
std::string headline_of(const SessionStatus& session);

/// Something to say of the whole.
struct Finding {
  enum class Tone { kBad, kWarn, kBusy, kPaused, kGood };
  struct Line {
    std::string session;  ///< "": of no one session
    std::string text;
  };
  Tone tone = Tone::kGood;
  std::string text;
  std::vector<Line> lines;
};
const char* name_of(Finding::Tone tone);

/// Never empty; the worst first.
std::vector<Finding> findings(const StatusSnapshot& status);

/// Problems first, the worst of them on top; then by name.
std::vector<const SessionStatus*> in_order(const StatusSnapshot& status);

}  // namespace sessync::page
