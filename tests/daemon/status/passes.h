#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/status/board.h"
#include "manifest/load.h"
#include "reconciler/reconcile.h"

/// Manifests and outcomes of passes, as small as they can be.
namespace sessync {

using std::chrono::seconds;

inline const StatusBoard::Origin kOrigin{"0.0.0", TimePoint{seconds(1'000'000)}, "/m.yaml", "/w"};

inline TimePoint at(int second) { return TimePoint{seconds(1'000'000 + second)}; }

inline Manifest manifest_of(const std::vector<std::string>& names) {
  ManifestFile file;
  file.path = "m.yaml";
  for (const auto& name : names) {
    SessionSpec spec;
    spec.name = name;
    spec.session_id = "sesn_" + name;
    file.sessions.push_back(std::move(spec));
  }
  Manifest manifest;
  manifest.owner = "o";
  manifest.files = {std::move(file)};
  return manifest;
}

inline Manifest with_error(Manifest manifest, const std::string& message) {
  Problem problem;
  problem.code = "unknown_key";
  problem.message = message;
  manifest.files.front().problems.push_back(std::move(problem));
  return manifest;
}

/// A pass that added one file, answered at `answered`.
inline PassOutcome added(const std::string& path, TimePoint answered) {
  PassOutcome outcome;
  Add add;
  add.wanted.path = MountPath::of_file(path);
  outcome.plan.actions.emplace_back(std::move(add));
  ActionResult result;
  result.outcome = ActionResult::Outcome::kDone;
  result.ended_at = answered;
  outcome.results.push_back(std::move(result));
  outcome.executed = true;
  return outcome;
}

inline PassOutcome failed(SessionError::Code code) {
  PassOutcome outcome;
  outcome.error = SessionError{code, "it did not work"};
  return outcome;
}

inline PassOutcome blocked(const std::string& path, BlockCode code) {
  PassOutcome outcome;
  outcome.plan.blocked.push_back(
      {BlockedType::kFile, MountPath::of_file(path), code, "in the way"});
  return outcome;
}

inline std::optional<Duration> done(StatusBoard& board, const std::string& name,
                                    const PassOutcome& outcome, TimePoint when) {
  return board.pass_finished(
      {name, &outcome, when, when + seconds(300), board.snapshot().manifest.generation});
}

/// A whole pass.
inline void finish(StatusBoard& board, const std::string& name, const PassOutcome& outcome,
                   TimePoint when) {
  board.pass_started(name);
  done(board, name, outcome, when);
}

inline SessionStatus only_session(const StatusBoard& board) {
  return *board.snapshot().sessions.at(0);
}

}  // namespace sessync
