#pragma once

#include <array>
#include <string>
#include <vector>

#include "daemon/status/status.h"

/// What the facts of a status mean, in words. The one place that judges: the status document, the
/// page, /readyz and `sessync status` say what is said here. Pure functions, any thread.
namespace sessync::status {

/// One word for a session; the worst first.
enum class SessionState {
  kFailed,     ///< nothing goes on until somebody acts: key refused, session gone or archived
  kRetrying,   ///< it could not be worked on, and is tried again
  kBlocked,    ///< something declared is not done, and will not be by itself
  kOutdated,   ///< as declared, but by an older manifest than the one on disk
  kSyncing,    ///< a pass is under way, or waits for its turn
  kSuspended,  ///< by command or manifest: nothing is written
  kInSync,     ///< as declared
};

inline constexpr std::array kSessionStates = {SessionState::kFailed,  SessionState::kRetrying,
                                              SessionState::kBlocked, SessionState::kOutdated,
                                              SessionState::kSyncing, SessionState::kSuspended,
                                              SessionState::kInSync};

SessionState state_of(const SessionStatus& session);

/// The value of `state` in the status document: one word in lower case, "in_sync".
const char* name_of(SessionState state);

/// Somebody may have to do something.
inline bool is_problem(SessionState state) { return state <= SessionState::kOutdated; }

/// The session is as declared, also while a pass looks whether it still is.
bool is_as_declared(const SessionStatus& session);

/// The condition of this type; an empty one, that outlives the call, if there is none.
const reconciler::Condition& condition_of(const SessionStatus& session, const std::string& type);

/// Why the session is in its state, in a line: "reason: message". Never empty. What it quotes is of
/// others and not escaped.
std::string headline_of(const SessionStatus& session);

/// Something to say of the whole, with the few sessions or messages that it is about.
struct Finding {
  enum class Tone { kBad, kWarn, kBusy, kPaused, kGood };  ///< the worst first
  struct Line {
    std::string session;  ///< its name; "": of no one session
    std::string text;     ///< not escaped
  };
  Tone tone = Tone::kGood;
  std::string text;  ///< a sentence without its full stop: "2 of 4 sessions are blocked"
  std::vector<Line> lines;
};

/// bad | warn | busy | paused | good
const char* name_of(Finding::Tone tone);

/// Of a status that has all of its sessions, sorted by name. Never empty; the worst first. It looks
/// a few times at each session.
std::vector<Finding> findings_of(const StatusSnapshot& status);

}  // namespace sessync::status
