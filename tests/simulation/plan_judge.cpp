#include "tests/simulation/plan_judge.h"

#include <algorithm>
#include <array>
#include <utility>

#include "manifest/load.h"
#include "reconciler/plan/describe.h"

namespace sessync::simulation {
namespace {

constexpr int kMostPasses = 8;

/// An action as far as somebody who reads a plan relies on it.
std::string key_of(const plan::Action& action) {
  const auto text = [](const std::string* part) { return part == nullptr ? "" : *part; };
  return std::string(plan::verb_of(action)) + " " + plan::type_of(action) + " " +
         plan::path_of(action).text() + " " + text(plan::resource_id_of(action)) + " " +
         text(plan::sha256_of(action));
}

/// The plan does not know whether it will be done: a token's source was not asked.
bool is_unchecked(const plan::Action& action) {
  const auto* add = std::get_if<plan::AddRepository>(&action);
  const auto* rotate = std::get_if<plan::Rotate>(&action);
  return (add != nullptr && add->unchecked) || (rotate != nullptr && rotate->rotation.unchecked);
}

std::string key_of(const desired::Blocked& blocked) {
  return std::string(desired::to_string(blocked.type)) + " " + blocked.path.text() + " " +
         desired::to_string(blocked.code);
}

bool is_tried(const apply::ActionResult& result) {
  return result.outcome != apply::ActionResult::Outcome::kSkipped;
}

std::set<std::string> blocked_in(const plan::Plan& plan) {
  std::set<std::string> keys;
  for (const auto& blocked : plan.blocked) {
    keys.insert(key_of(blocked));
  }
  return keys;
}

}  // namespace

/// What a plan promises of an apply, and where it says that it does not know.
struct PlanJudge::Expectation {
  Expectation(const manifest::SessionSpec& session, const pass::PassOutcome& plan,
              bool lets_held_through)
      : spec(session), planned(plan), lets_through(lets_held_through && plan.plan.held) {
    for (const auto& action : plan.plan.actions) {
      if (is_unchecked(action)) {
        unchecked.insert(plan::path_of(action));
      } else {
        actions.insert(key_of(action));
      }
    }
    for (const auto& same : plan.plan.unchanged) {
      if (same.unchecked) {
        unchecked.insert(same.path);
      }
    }
    if (is_creation_blocked(desired::BlockCode::kSecretUnavailable)) {
      add_repositories();
    }
  }

  /// Of a session that lacks one token already the plan does not say which others it did not ask
  /// for.
  void add_repositories() {
    for (const auto& resource : spec.resources) {
      const auto* const repository = std::get_if<manifest::RepositoryResource>(&resource.what);
      if (repository != nullptr && repository->authorization_token) {
        unchecked.insert(manifest::MountPath::literal(repository->mount_path));
      }
    }
  }

  /// The plan names these deletes, and what waits for them, under the id that the apply was given.
  [[nodiscard]] bool is_let_through(const plan::Action& action) const {
    const auto& blocked = planned.plan.blocked;
    return lets_through && std::ranges::any_of(blocked, [&](const desired::Blocked& one) {
             return one.path == plan::path_of(action) && (one.code == desired::BlockCode::kGuard ||
                                                          one.code == desired::BlockCode::kQuota);
           });
  }

  /// What is done to the session depends on what the plan says that it does not know: whether there
  /// are the tokens without which it is not created, and whether another daemon filled it, which
  /// the next pass decides.
  [[nodiscard]] bool is_open() const {
    const bool creates = plan::is_create(planned.plan.session);
    return (creates && !unchecked.empty()) ||
           (is_creation_blocked(desired::BlockCode::kRefused) && has_tokens()) ||
           planned.pass_again;
  }

  /// Nothing is planned of a session that may not be created, so its plan cannot name the tokens
  /// that it did not ask for.
  [[nodiscard]] bool is_creation_blocked(desired::BlockCode code) const {
    return std::ranges::any_of(planned.plan.blocked, [code](const desired::Blocked& one) {
      return one.type == desired::BlockedType::kSession && one.code == code;
    });
  }

  /// It has tokens; which of them a plan asks for is the token source's to say.
  [[nodiscard]] bool has_tokens() const {
    return std::ranges::any_of(spec.resources, [](const manifest::ResourceSpec& resource) {
      const auto* const repository = std::get_if<manifest::RepositoryResource>(&resource.what);
      return repository != nullptr && repository->authorization_token;
    });
  }

  [[nodiscard]] bool is_about_unchecked(const std::string& text) const {
    return std::ranges::any_of(unchecked, [&](const manifest::MountPath& path) {
      return text.find(" github_repository " + path.text() + " ") != std::string::npos ||
             text.starts_with("github_repository " + path.text() + " ");
    });
  }

  const manifest::SessionSpec& spec;
  const pass::PassOutcome& planned;
  bool lets_through;
  std::set<std::string> actions;
  std::set<manifest::MountPath> unchecked;
};

PlanJudge::PlanJudge(World& world, Daemon& daemon, std::function<void()> finish)
    : world_(world), daemon_(daemon), finish_(std::move(finish)) {}

PlanJudge::Line PlanJudge::draw_line(Random dice) {
  Line line;
  line.forgets_state = dice.one_in(4);
  line.lets_held_through = dice.one_in(2);
  line.allows_programs = dice.one_in(2);
  line.parallel = std::array{1, 4, 32}.at(dice.below(3));
  line.list_grace = std::array{ports::Duration{30'000}, ports::Duration{60'000}}.at(dice.below(2));
  line.comes_later = dice.one_in(2);
  return line;
}

void PlanJudge::set_scene(Random& dice) {
  world_.store.fail_next(0);
  for (const auto& url : repositories()) {
    if (dice.one_in(2)) {
      world_.tokens.run_program(url);
    }
  }
  world_.tokens.allow_programs(line_.allows_programs);
  if (line_.forgets_state) {
    world_.lose_state();
  }
  if (line_.comes_later) {
    world_.advance_to(world_.now() + line_.list_grace + ports::Duration{1'000});
  }
}

void PlanJudge::judge() {
  auto dice = Random(world_.random.next());
  line_ = draw_line(Random(dice.next()));
  set_scene(dice);
  const auto manifest = manifest::load_manifest({{"sessync.yaml", to_yaml(world_.declared), ""}});
  owner_ = manifest.owner;
  for (auto spec : manifest.sessions()) {
    spec.suspend |= world_.suspended.contains(spec.name);
    if (!world_.violation) {
      judge_session(spec);
    }
  }
}

pass::PassOutcome PlanJudge::pass(const manifest::SessionSpec& spec,
                                  const std::string& allow_deletes, bool dry_run) {
  pass::PassOutcome result;
  Daemon::Order order{spec, owner_, allow_deletes, dry_run, line_.parallel, line_.list_grace};
  order.waits_for_reads = true;
  daemon_.begin_pass(order, [&](const pass::PassOutcome& outcome) { result = outcome; });
  finish_();
  return result;
}

/// As the command does it, up to where it would wait.
PlanJudge::Applied PlanJudge::apply(const manifest::SessionSpec& spec,
                                    const std::string& allow_deletes) {
  Applied applied;
  bool goes_on = true;
  for (int i = 0; goes_on && i < kMostPasses && !world_.violation; ++i) {
    auto outcome = pass(spec, allow_deletes, false);
    for (std::size_t j = 0; j < outcome.results.size(); ++j) {
      if (is_tried(outcome.results[j])) {
        applied.tried.insert(key_of(outcome.plan.actions[j]));
      }
    }
    const bool all_done =
        std::ranges::all_of(outcome.results, [](const apply::ActionResult& result) {
          return result.outcome == apply::ActionResult::Outcome::kDone;
        });
    applied.troubled = outcome.error || !all_done || !outcome.session_result.error.empty();
    // What a session takes that seemed to be full is planned anew.
    const bool has_more_room =
        outcome.pass_again &&
        std::ranges::any_of(outcome.plan.blocked, [](const desired::Blocked& one) {
          return one.code == desired::BlockCode::kQuota;
        });
    goes_on = !outcome.settled() && !outcome.suspended && !applied.troubled && !has_more_room &&
              outcome.plan.pending.empty() && (outcome.pass_again || outcome.progressed);
    if (i == 0) {
      applied.first = outcome;
    }
    applied.last = std::move(outcome);
  }
  return applied;
}

void PlanJudge::violated(const std::string& name, const std::string& what,
                         const std::string& about) {
  world_.violated("plan is apply: " + what + ": " + about + " of " + name);
}

void PlanJudge::judge_session(const manifest::SessionSpec& spec) {
  const auto planned = pass(spec, "", true);
  world_.note(plan::describe(plan::PlanHeader{spec.name, planned.session_id}, planned.plan, true));
  const auto& held = planned.plan.held;
  const auto applied = apply(spec, held && line_.lets_held_through ? held->id : "");
  if (world_.violation) {
    return;
  }
  if (planned.error || !applied.first.executed) {
    const auto code = [](const pass::PassOutcome& outcome) {
      return outcome.error ? errors::to_string(outcome.error->code) : std::string("no error");
    };
    if (code(planned) != code(applied.first)) {
      violated(spec.name, "it fails otherwise than planned",
               code(planned) + " and " + code(applied.first));
    }
  }
  const Expectation expected(spec, planned, line_.lets_held_through);
  if (expected.is_open()) {
    return;
  }
  if (planned.plan.session.index() != applied.first.plan.session.index()) {
    violated(spec.name, "something else is done to the session", "the plan");
  }
  judge_actions(expected, applied);
  judge_blocked(expected, applied);
}

void PlanJudge::judge_actions(const Expectation& expected, const Applied& applied) {
  const auto& name = expected.spec.name;
  const auto& planned = expected.planned;
  std::set<std::string> allowed = expected.actions;
  for (const auto& action : applied.first.plan.actions) {
    if (expected.is_let_through(action)) {
      allowed.insert(key_of(action));
    }
  }
  for (const auto& tried : applied.tried) {
    if (!allowed.contains(tried) && !expected.is_about_unchecked(tried)) {
      return violated(name, "something is done that was not planned", tried);
    }
  }
  if (planned.suspended || applied.troubled) {
    return;
  }
  for (const auto& action : expected.actions) {
    if (!applied.tried.contains(action)) {
      return violated(name, "something is not done that was planned", action);
    }
  }
}

void PlanJudge::judge_blocked(const Expectation& expected, const Applied& applied) {
  const auto& name = expected.spec.name;
  const auto planned = blocked_in(expected.planned.plan);
  const auto first = blocked_in(applied.first.plan);
  const auto last = blocked_in(applied.last.plan);
  for (const auto* found : {&first, &last}) {
    if (found == &last && applied.troubled) {
      return;
    }
    for (const auto& one : *found) {
      if (!planned.contains(one) && !expected.is_about_unchecked(one)) {
        return violated(name, "something is blocked that was not planned so", one);
      }
    }
    for (const auto& one : planned) {
      if (!found->contains(one) && !expected.lets_through && !expected.is_about_unchecked(one)) {
        return violated(name, "something is not blocked that was planned so", one);
      }
    }
  }
}

}  // namespace sessync::simulation
