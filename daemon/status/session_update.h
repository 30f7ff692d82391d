#pragma once

#include "daemon/status/status.h"
#include "reconciler/condition.h"
#include "reconciler/reconcile.h"

/// What an event means for the status of one session. Functions of values: no lock, no clock; the
/// board calls them with its mutex held.
namespace sessync::status {

/// What lasts no longer is not shown before it is over: most passes take less, and a status that
/// flickers is read by nobody.
inline constexpr ports::Duration kShownAfter{500};

/// Replaces the conditions; one whose status stays keeps the time since when it has it.
void set_conditions(SessionStatus& status, const std::vector<reconciler::Condition>& conditions,
                    ports::TimePoint now);

/// Of a session that no pass has looked at yet.
std::vector<reconciler::Condition> conditions_before_a_pass();

/// Of a session that changed and has not been looked at since.
std::vector<reconciler::Condition> conditions_of_waiting();

/// Why a session stands still whatever its passes come to.
struct Standstill {
  std::string reason;  ///< ManifestInvalid: what is in force is older than what was written;
                       ///< StateUnavailable: what is done cannot be recorded
  std::string message;
};

/// Stalled because of that; nothing takes it back.
void show_standstill(SessionStatus& status, const std::optional<Standstill>& standstill,
                     ports::TimePoint now);

/// `at`: when the pass ended. Everything that it says: conditions, counts, blocked, recent actions,
/// times.
void take_in_pass(SessionStatus& status, const pass::PassOutcome& outcome, ports::TimePoint at);

/// What a pass under way says that is worth showing before it ends; false: nothing new.
/// `is_news`: something changed since the last pass that settled.
bool take_in_progress(SessionStatus& status, const reconciler::PassProgress& pass, bool is_news,
                      ports::TimePoint now);

/// When the last add or replace of a pass was answered; nothing if there was none.
std::optional<ports::TimePoint> last_answered_add(const pass::PassOutcome& outcome);

/// Appends it, and drops the oldest beyond SessionStatus::kLatencies.
void keep_newest(std::deque<ports::Duration>& latencies, ports::Duration latest);

}  // namespace sessync::status
