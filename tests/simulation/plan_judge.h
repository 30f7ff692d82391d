#pragma once

#include <functional>
#include <set>
#include <string>

#include "tests/simulation/daemon.h"
#include "tests/simulation/world.h"

namespace sessync::simulation {

/// Plan is apply: what a plan says of a session in whatever state it is, is, action by action and
/// blocked entry by blocked entry, what an apply does next from that state.
///
/// An apply is judged for as long as it goes on without waiting and nothing of it fails; what it
/// tried counts.
class PlanJudge {
 public:
  /// `finish` lets what was begun come to its end.
  PlanJudge(World& world, Daemon& daemon, std::function<void()> finish);

  void judge();

 private:
  /// What the command lines say, and the places that they name are like.
  struct Line {
    bool forgets_state = false;      ///< --state-dir none
    bool lets_held_through = false;  ///< apply --allow-deletes, with the id that the plan printed
    bool allows_programs = true;     ///< apply --allow-commands
    int parallel = 32;               ///< --parallel
    ports::Duration list_grace{30'000};  ///< --list-grace
    bool comes_later = false;            ///< after lists can be believed again
  };
  struct Applied {
    pass::PassOutcome first;
    pass::PassOutcome last;
    std::set<std::string> tried;
    bool troubled = false;  ///< something failed, so what comes next is another plan
  };
  struct Expectation;

  static Line draw_line(Random dice);
  void set_scene(Random& dice);
  pass::PassOutcome pass(const manifest::SessionSpec& spec, const std::string& allow_deletes,
                         bool dry_run);
  Applied apply(const manifest::SessionSpec& spec, const std::string& allow_deletes);
  void judge_session(const manifest::SessionSpec& spec);
  void judge_actions(const Expectation& expected, const Applied& applied);
  void judge_blocked(const Expectation& expected, const Applied& applied);
  void violated(const std::string& name, const std::string& what, const std::string& about);

  World& world_;
  Daemon& daemon_;
  std::function<void()> finish_;
  Line line_;
  std::string owner_;
};

}  // namespace sessync::simulation
