#pragma once

#include "daemon/status/status.h"
#include "reconciler/reconcile.h"

/// What an event means for the status of one session.
namespace sessync {

/// Replaces the conditions; one whose status stays keeps the time since when it has it.
void set_conditions(SessionStatus& status, const std::vector<Condition>& conditions, TimePoint now);

/// Of a session that no pass has looked at yet.
std::vector<Condition> conditions_before_a_pass();

/// Stalled with ManifestInvalid while `because` is not empty: what is in force is older than what
/// was written. Otherwise takes that back.
void show_stale_manifest(SessionStatus& status, const std::string& because, TimePoint now);

/// Everything that a pass says: conditions, counts, blocked, recent actions, times.
void take_in_pass(SessionStatus& status, const PassOutcome& outcome, TimePoint at);

/// When the last add or replace of a pass was answered; nothing if there was none.
std::optional<TimePoint> last_answered_add(const PassOutcome& outcome);

void keep_newest(std::deque<Duration>& latencies, Duration latest);

}  // namespace sessync
