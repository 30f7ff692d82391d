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

inline const status::StatusBoard::Origin kOrigin{"0.0.0", ports::TimePoint{seconds(1'000'000)},
                                                 "/m.yaml", "/w"};

inline ports::TimePoint at(int second) { return ports::TimePoint{seconds(1'000'000 + second)}; }

inline manifest::Manifest manifest_of(const std::vector<std::string>& names) {
  manifest::ManifestFile file;
  file.path = "m.yaml";
  for (const auto& name : names) {
    manifest::SessionSpec spec;
    spec.name = name;
    spec.session_id = "sesn_" + name;
    file.sessions.push_back(std::move(spec));
  }
  manifest::Manifest manifest;
  manifest.owner = "o";
  manifest.files = {std::move(file)};
  return manifest;
}

inline manifest::Manifest with_error(manifest::Manifest manifest, const std::string& message) {
  manifest::Problem problem;
  problem.code = "unknown_key";
  problem.message = message;
  auto& file = manifest.files.front();
  file.problems.push_back(problem);
  for (const auto& session : file.sessions)
    file.older.emplace(session.name, manifest::Older{problem});
  return manifest;
}

/// A pass that added one file, answered at `answered`.
inline pass::PassOutcome added(const std::string& path, ports::TimePoint answered) {
  pass::PassOutcome outcome;
  plan::Add add;
  add.wanted.path = manifest::MountPath::of_file(path);
  outcome.plan.actions.emplace_back(std::move(add));
  apply::ActionResult result;
  result.outcome = apply::ActionResult::Outcome::kDone;
  result.ended_at = answered;
  outcome.results.push_back(std::move(result));
  outcome.executed = true;
  return outcome;
}

inline pass::PassOutcome failed(errors::SessionError::Code code) {
  pass::PassOutcome outcome;
  outcome.error = errors::SessionError{code, "it did not work"};
  return outcome;
}

inline pass::PassOutcome blocked(const std::string& path, desired::BlockCode code) {
  pass::PassOutcome outcome;
  outcome.plan.blocked.push_back(
      {desired::BlockedType::kFile, manifest::MountPath::of_file(path), code, "in the way"});
  return outcome;
}

inline std::optional<ports::Duration> done(status::StatusBoard& board, const std::string& name,
                                           const pass::PassOutcome& outcome,
                                           ports::TimePoint when) {
  return board.pass_finished(
      {name, &outcome, when, when + seconds(300), board.snapshot().manifest.generation});
}

/// A whole pass.
inline void finish(status::StatusBoard& board, const std::string& name,
                   const pass::PassOutcome& outcome, ports::TimePoint when) {
  board.pass_started(name);
  done(board, name, outcome, when);
}

inline status::SessionStatus only_session(const status::StatusBoard& board) {
  return *board.snapshot().sessions.at(0);
}

}  // namespace sessync
