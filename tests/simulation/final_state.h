#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "reconciler/desired/desired.h"
#include "reconciler/gc/gc.h"
#include "tests/simulation/daemon.h"
#include "tests/simulation/world.h"

namespace sessync::simulation {

/// Faults have stopped and time has passed: judges that every session is what the manifest says,
/// that nothing is left to do, and that nothing was left behind.
class FinalState {
 public:
  /// `finish` lets what was begun come to its end.
  FinalState(World& world, Daemon& daemon, std::function<void()> finish)
      : world_(world), daemon_(daemon), finish_(std::move(finish)) {}

  void judge();

 private:
  pass::PassOutcome pass(const manifest::SessionSpec& spec, const std::string& allow_deletes,
                         bool dry_run);
  void judge_session(const manifest::SessionSpec& spec);
  [[nodiscard]] bool is_key_in_doubt(const pass::PassOutcome& outcome) const;
  bool is_too_large_to_create(const manifest::SessionSpec& spec, const pass::PassOutcome& outcome);
  void judge_room(const manifest::SessionSpec& spec, const pass::PassOutcome& outcome);
  void judge_rest(const manifest::SessionSpec& spec);
  void judge_paths(const manifest::SessionSpec& spec, const pass::PassOutcome& outcome);
  void judge_missing(const desired::DesiredState& desired, const desired::Blocked& blocked);
  void judge_path(const std::string& session_id, const desired::DesiredFile& wanted);
  void judge_leftovers(const manifest::SessionSpec& spec, const pass::PassOutcome& outcome);
  void judge_words(const manifest::SessionSpec& spec, const pass::PassOutcome& outcome);
  void judge_tokens(const manifest::SessionSpec& spec, const pass::PassOutcome& outcome);
  void judge_refused_token(const pass::PassOutcome& outcome, const model::Resource& row);
  void judge_created();
  bool collect_garbage();
  [[nodiscard]] bool has_open_writes_for_ever() const;
  void judge_garbage();
  void judge_young_upload();
  [[nodiscard]] std::size_t writes() const;

  World& world_;
  Daemon& daemon_;
  std::function<void()> finish_;
};

}  // namespace sessync::simulation
