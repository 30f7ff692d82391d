#include "daemon/cli/output/report.h"

#include <algorithm>
#include <utility>

#include "manifest/text/utf8.h"
#include "reconciler/plan/describe.h"

namespace sessync::cli {
namespace {

constexpr const char* kSuspended = "it is suspended: nothing of this is done before it is resumed";

std::string failures(const pass::PassOutcome& outcome) {
  std::string text;
  if (!outcome.session_result.error.empty()) {
    text += "  not done: " + manifest::printable(outcome.session_result.error) + "\n";
  }
  for (std::size_t i = 0; i < outcome.results.size(); ++i) {
    const auto& result = outcome.results[i];
    if (result.outcome == apply::ActionResult::Outcome::kDone) {
      continue;
    }
    const auto& action = outcome.plan.actions[i];
    text += std::string("  not done: ") + plan::verb_of(action) + " " +
            manifest::printable(plan::path_of(action).text()) + ": " +
            manifest::printable(result.error.empty() ? "not started" : result.error) + "\n";
  }
  return text;
}

std::string report_text(const SessionReport& report, const config::Options& options) {
  const auto& outcome = report.outcome;
  auto text = plan::describe({report.name, outcome.session_id}, outcome.plan, options.verbose);
  if (options.command == config::Command::kApply) {
    text += failures(outcome);
  }
  if (outcome.suspended && !outcome.plan.empty()) {
    text += std::string("  ") + kSuspended + "\n";
  }
  for (const auto& output : outcome.fetched) {
    text += "  < " + manifest::printable(output.name) + "  " + std::to_string(output.size) + " B\n";
  }
  if (options.command == config::Command::kPlan && !outcome.left_out.none()) {
    text +=
        "  left out by default: " + manifest::printable(desired::describe(outcome.left_out)) + "\n";
  }
  for (const auto& warning : outcome.warnings) {
    text += "  warning: " + manifest::printable(warning) + "\n";
  }
  if (outcome.error) {
    text += "  error: " + manifest::printable(outcome.error->message) + "\n";
  }
  return text;
}

int code_of(const pass::PassOutcome& outcome, const config::Options& options) {
  if (outcome.error) {
    return outcome.error->code == errors::SessionError::Code::kAuthenticationFailed
               ? config::exit_code::kAuthentication
               : config::exit_code::kFailed;
  }
  const bool blocked = !outcome.plan.blocked.empty();
  if (options.command == config::Command::kApply) {
    const bool held = outcome.suspended || outcome.settled();
    return !held     ? config::exit_code::kFailed
           : blocked ? config::exit_code::kBlocked
                     : config::exit_code::kOk;
  }
  if (!outcome.plan.pending.empty()) {
    return config::exit_code::kFailed;
  }
  if (!options.detailed_exitcode) {
    return config::exit_code::kOk;
  }
  return !outcome.plan.changes_nothing() ? config::exit_code::kChanges
         : blocked                       ? config::exit_code::kBlocked
                                         : config::exit_code::kOk;
}

/// How loud a code is among those of several sessions.
int rank(int code) {
  switch (code) {
    case config::exit_code::kAuthentication:
      return 4;
    case config::exit_code::kFailed:
      return 3;
    case config::exit_code::kChanges:
      return 2;
    case config::exit_code::kBlocked:
      return 1;
    default:
      return 0;
  }
}

void sort_by_path(pass::PassOutcome& outcome) {
  std::vector<std::pair<plan::Action, apply::ActionResult>> rows;
  rows.reserve(outcome.plan.actions.size());
  outcome.results.resize(outcome.plan.actions.size());
  for (std::size_t i = 0; i < outcome.results.size(); ++i) {
    rows.emplace_back(std::move(outcome.plan.actions[i]), std::move(outcome.results[i]));
  }
  std::ranges::stable_sort(rows, {}, [](const auto& row) -> const manifest::MountPath& {
    return plan::path_of(row.first);
  });
  outcome.plan.actions.clear();
  outcome.results.clear();
  for (auto& [action, result] : rows) {
    outcome.plan.actions.push_back(std::move(action));
    outcome.results.push_back(std::move(result));
  }
}

/// The later pass did, or tried, the same at this path.
bool has_again(const pass::PassOutcome& later, const plan::Action& action) {
  const auto is_delete = [](const plan::Action& one) {
    return std::holds_alternative<plan::Delete>(one);
  };
  return std::ranges::any_of(later.plan.actions, [&](const plan::Action& other) {
    return plan::path_of(other) == plan::path_of(action) && is_delete(other) == is_delete(action);
  });
}

void append_done(pass::PassOutcome& outcome, const plan::Action& action,
                 const apply::ActionResult& result) {
  outcome.plan.actions.push_back(action);
  outcome.results.push_back(result);
  outcome.executed = true;
  std::erase_if(outcome.plan.unchanged,
                [&](const plan::Unchanged& same) { return same.path == plan::path_of(action); });
}

}  // namespace

std::string present(const std::vector<SessionReport>& reports, const config::Options& options,
                    const std::optional<CommandError>& error) {
  if (options.json) {
    return plan_document(reports, options.command == config::Command::kApply, error);
  }
  std::string text;
  plan::PlanSummary summary;
  for (const auto& report : reports) {
    text += report_text(report, options);
    summary.count(report.outcome.plan);
  }
  return text + plan::describe(summary) + "\n";
}

int graver(int left, int right) { return rank(left) < rank(right) ? right : left; }

namespace {

std::string remarks(const SessionReport& report) {
  std::string text;
  if (report.outcome.suspended && !report.outcome.plan.empty()) {
    text.append("sessync: ").append(report.name).append(": ").append(kSuspended).append("\n");
  }
  for (const auto& same : report.outcome.plan.unchanged) {
    if (same.unchecked) {
      text.append("sessync: ").append(report.name).append(": ");
      text.append(manifest::printable(same.path.text() + ": not checked: " + *same.unchecked))
          .append("\n");
    }
  }
  for (const auto& warning : report.outcome.warnings) {
    text.append("sessync: warning: ").append(report.name).append(": ");
    text.append(manifest::printable(warning)).append("\n");
  }
  return text;
}

}  // namespace

std::string remarks(const std::vector<SessionReport>& reports, const config::Options& options) {
  std::string text;
  for (const auto& report : reports) {
    text += options.json ? remarks(report) : "";
  }
  return text;
}

void warn_of_forgetting(std::vector<SessionReport>& reports) {
  for (auto& [name, outcome] : reports) {
    const bool forgotten =
        std::ranges::any_of(outcome.plan.actions, [](const plan::Action& action) {
          const auto* rotate = std::get_if<plan::Rotate>(&action);
          return rotate != nullptr && rotate->rotation.lacks_fingerprint;
        });
    if (forgotten) {
      outcome.warnings.emplace_back(
          "with --state-dir none it is never known which token a session has, so each run sends "
          "the tokens again and each plan says so; with a state directory they are sent when they "
          "change");
    }
  }
}

int exit_code_of(const std::vector<SessionReport>& reports, const config::Options& options) {
  int code = config::exit_code::kOk;
  for (const auto& report : reports) {
    code = graver(code, code_of(report.outcome, options));
  }
  return code;
}

pass::PassOutcome merge_passes(const pass::PassOutcome& earlier, pass::PassOutcome later) {
  auto merged = std::move(later);
  merged.results.resize(merged.plan.actions.size());
  for (std::size_t i = 0; i < earlier.results.size(); ++i) {
    const auto& action = earlier.plan.actions[i];
    if (earlier.results[i].outcome == apply::ActionResult::Outcome::kDone &&
        !has_again(merged, action)) {
      append_done(merged, action, earlier.results[i]);
    }
  }
  sort_by_path(merged);
  if (earlier.session_result.outcome == apply::ActionResult::Outcome::kDone &&
      plan::is_none(merged.plan.session)) {
    merged.plan.session = earlier.plan.session;
    merged.session_result = earlier.session_result;
    merged.executed = true;
  }
  merged.fetched.insert(merged.fetched.begin(), earlier.fetched.begin(), earlier.fetched.end());
  return merged;
}

}  // namespace sessync::cli
