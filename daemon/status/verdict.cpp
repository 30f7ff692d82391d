#include "daemon/status/verdict.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "daemon/status/words.h"
#include "reconciler/observe/server_time.h"

namespace sessync::status {
namespace {

using words::number;
using words::of_sessions;
using State = SessionState;
using Tone = Finding::Tone;
constexpr std::size_t kErrors = 12;

bool is_one_of(const std::string& reason, std::initializer_list<std::string_view> reasons) {
  return std::ranges::find(reasons, reason) != reasons.end();
}

/// What the transport says when there was no answer. Only for the words: nothing depends on it.
bool is_unreachable(const std::string& message) {
  static constexpr std::array<std::string_view, 6> kNoAnswer = {
      "connect to",       "resolve host", "Timeout was reached",
      "returned nothing", "the peer",     "closed before an answer"};
  return std::ranges::any_of(
      kNoAnswer, [&](std::string_view words) { return message.find(words) != std::string::npos; });
}

/// What kind of sentence a session's problem belongs into.
enum class Group { kKey, kUnreachable, kFailed, kRetrying, kLimited, kBlocked, kNone };

Group group_of(const SessionStatus& session) {
  const auto& ready = condition_of(session, "Ready");
  switch (state_of(session)) {
    case State::kFailed:
      return ready.reason == "AuthenticationFailed" ? Group::kKey : Group::kFailed;
    case State::kRetrying:
      if (ready.reason == "RateLimited") return Group::kLimited;
      return is_unreachable(ready.message) ? Group::kUnreachable : Group::kRetrying;
    case State::kBlocked:
      return Group::kBlocked;
    default:
      return Group::kNone;
  }
}

/// The words in the middle of a sentence.
std::string within(std::string words) {
  words.front() = words.front() == 'A' ? 'a' : words.front() == 'T' ? 't' : words.front();
  return words;
}

using Sessions = std::vector<const SessionStatus*>;

/// What is said of each of these sessions, of the first few. What is true of all alike is said
/// once.
Finding about(Tone tone, std::string text, const Sessions& sessions) {
  const std::size_t most = tone == Tone::kBad && text.starts_with("The API") ? 1 : 3;
  Finding finding{tone, std::move(text), {}};
  for (const auto* session : sessions) {
    if (finding.lines.size() == most) {
      finding.lines.push_back({"", "and " + number(sessions.size() - most) + " more"});
      break;
    }
    finding.lines.push_back({session->name, headline_of(*session)});
  }
  return finding;
}

void add_manifest(std::vector<Finding>& out, const StatusSnapshot& status) {
  const auto& manifest = status.manifest;
  if (manifest.valid) {
    return;
  }
  if (manifest.errors.empty()) {
    out.push_back({Tone::kBusy, "The manifest has not been read yet", {}});
    return;
  }
  Finding finding{Tone::kWarn, "The manifest is invalid: the last good version stays in force", {}};
  if (status.sessions.empty()) {
    finding = {Tone::kBad, "The manifest is invalid: nothing is synchronised", {}};
  }
  for (std::size_t i = 0; i < std::min(manifest.errors.size(), kErrors); ++i) {
    finding.lines.push_back({"", manifest.errors[i]});
  }
  if (manifest.errors.size() > kErrors) {
    finding.lines.push_back({"", "and " + number(manifest.errors.size() - kErrors) + " more"});
  }
  out.push_back(std::move(finding));
}

void add_problems(std::vector<Finding>& out, const StatusSnapshot& status) {
  std::map<Group, Sessions> groups;
  for (const auto& session : status.sessions) {
    groups[group_of(*session)].push_back(session.get());
  }
  const auto all = status.sessions.size();
  for (const auto& [group, sessions] : groups) {
    const auto some = of_sessions(sessions.size(), all);
    switch (group) {
      case Group::kKey:
        out.push_back(
            about(Tone::kBad, "The API refuses the key: " + within(some) + " stopped", sessions));
        break;
      case Group::kUnreachable:
        out.push_back(
            about(Tone::kBad, "The API cannot be reached: " + within(some) + " waiting", sessions));
        break;
      case Group::kFailed:
        out.push_back(about(Tone::kBad, some + " not found", sessions));
        break;
      case Group::kRetrying:
        out.push_back(about(Tone::kBad, some + " failing and tried again", sessions));
        break;
      case Group::kLimited:
        out.push_back(about(Tone::kWarn, some + " slowed down by the API", sessions));
        break;
      case Group::kBlocked:
        out.push_back(about(Tone::kWarn, some + " blocked", sessions));
        break;
      case Group::kNone:
        break;
    }
  }
}

void add_counts(std::vector<Finding>& out, const StatusSnapshot& status) {
  const auto all = status.sessions.size();
  const auto count = [&](State state) {
    return static_cast<std::size_t>(std::ranges::count_if(
        status.sessions, [state](const auto& session) { return state_of(*session) == state; }));
  };
  if (const auto syncing = count(State::kSyncing); syncing > 0) {
    out.push_back({Tone::kBusy, of_sessions(syncing, all) + " syncing", {}});
  }
  if (const auto suspended = count(State::kSuspended); suspended > 0) {
    Sessions those;
    for (const auto& session : status.sessions) {
      if (state_of(*session) == State::kSuspended) those.push_back(session.get());
    }
    out.push_back(about(Tone::kPaused, of_sessions(suspended, all) + " suspended", those));
  }
  if (const auto in_sync = count(State::kInSync); in_sync > 0) {
    out.push_back({Tone::kGood, of_sessions(in_sync, all) + " in sync", {}});
  }
}

}  // namespace

const reconciler::Condition& condition_of(const SessionStatus& session, const std::string& type) {
  static const reconciler::Condition none;
  const auto found =
      std::ranges::find_if(session.conditions, [&](const auto& c) { return c.what.type == type; });
  return found == session.conditions.end() ? none : found->what;
}

SessionState state_of(const SessionStatus& session) {
  const auto& ready = condition_of(session, "Ready");
  if (session.suspended || session.suspended_by_manifest || ready.reason == "Suspended") {
    return State::kSuspended;
  }
  if (ready.status) {
    const auto& stalled = condition_of(session, "Stalled");
    if (stalled.status && stalled.reason == "ManifestInvalid") return State::kOutdated;
    return session.working ? State::kSyncing : State::kInSync;
  }
  if (is_one_of(ready.reason,
                {"AuthenticationFailed", "SessionNotFound", "SessionArchived", "WrongMarkerKey"})) {
    return State::kFailed;
  }
  if (is_one_of(ready.reason, {"ProgressingWithRetry", "RateLimited"})) {
    return State::kRetrying;
  }
  return is_one_of(ready.reason, {"Progressing", ""}) ? State::kSyncing : State::kBlocked;
}

const char* name_of(SessionState state) {
  static constexpr std::array<const char*, 7> kNames = {
      "failed", "retrying", "blocked", "outdated", "syncing", "suspended", "in_sync"};
  return kNames.at(static_cast<std::size_t>(state));
}

bool is_as_declared(const SessionStatus& session) {
  const auto state = state_of(session);
  return state == State::kInSync ||
         (state == State::kSyncing && condition_of(session, "Ready").status);
}

std::string headline_of(const SessionStatus& session) {
  if (session.suspended) {
    return "Suspended by " + session.suspended->by + " since " +
           observe::timestamp_in_seconds(session.suspended->at);
  }
  if (session.suspended_by_manifest) {
    return "Suspended by the manifest";
  }
  const auto state = state_of(session);
  const auto& condition = condition_of(session, state == State::kOutdated ? "Stalled" : "Ready");
  if (state == State::kSyncing && condition.status) {
    return "A pass is under way";
  }
  if (condition.reason.empty()) {
    return "Progressing: waiting for the first pass";
  }
  return condition.message.empty() ? condition.reason : condition.reason + ": " + condition.message;
}

const char* name_of(Finding::Tone tone) {
  static constexpr std::array<const char*, 5> kNames = {"bad", "warn", "busy", "paused", "good"};
  return kNames.at(static_cast<std::size_t>(tone));
}

std::vector<Finding> findings_of(const StatusSnapshot& status) {
  std::vector<Finding> out;
  add_manifest(out, status);
  add_problems(out, status);
  for (const auto& note : status.notes) {
    out.push_back({Tone::kWarn, note, {}});
  }
  add_counts(out, status);
  if (out.empty()) {
    out.push_back({Tone::kPaused, "No session is declared", {}});
  }
  std::ranges::stable_sort(out, {}, &Finding::tone);
  return out;
}

}  // namespace sessync::status
