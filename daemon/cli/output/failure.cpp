#include "daemon/cli/output/failure.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/cli/output/gc_report.h"
#include "daemon/cli/output/output.h"
#include "daemon/cli/output/plan_json.h"
#include "daemon/os/log.h"
#include "manifest/text/utf8.h"

namespace sessync::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string name_of_code(int code) {
  switch (code) {
    case config::exit_code::kUsage:
      return "usage";
    case config::exit_code::kBadManifest:
      return "manifest_invalid";
    case config::exit_code::kAuthentication:
      return "authentication_failed";
    default:
      return "failed";
  }
}

void print_failure(const config::Options& options, const CommandError& error) {
  if (options.json) {
    print(failure_document(options.command, error));
  }
}

std::string short_document(const CommandError& error, bool has_sessions) {
  Json json{{"format", 1}, {"error", {{"code", error.code}, {"message", error.message}}}};
  if (has_sessions) {
    json["sessions"] = Json::array();
  }
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string validation_document(const CommandError& error) {
  manifest::Problem problem;
  problem.code = error.code;
  problem.message = error.message;
  return problems_document({problem});
}

}  // namespace

std::string failure_document(config::Command command, const CommandError& error) {
  switch (command) {
    case config::Command::kPlan:
    case config::Command::kApply:
      return plan_document({}, command == config::Command::kApply, error);
    case config::Command::kGc:
      return gc_document({}, error);
    case config::Command::kValidate:
      return validation_document(error);
    case config::Command::kPull:
      return short_document(error, true);
    case config::Command::kImport:
    case config::Command::kStatus:
    case config::Command::kReconcile:
    case config::Command::kSuspend:
    case config::Command::kResume:
    case config::Command::kVersion:
      return short_document(error, false);
    case config::Command::kRun:
    case config::Command::kSchema:
    case config::Command::kCompletion:
    case config::Command::kSessionNames:
      break;
  }
  return "";
}

int refuse(const config::Options& options, const config::UsageError& error) {
  os::flush_log();
  print_error("sessync: " + manifest::printable(error.message) + "\n");
  print_failure(options, {name_of_code(error.code), error.message});
  return error.code;
}

int refuse_manifest(const config::Options& options, const manifest::Manifest& manifest) {
  const auto problems = manifest.problems();
  const auto is_error = [](const manifest::Problem& problem) {
    return problem.severity == manifest::Problem::Severity::kError;
  };
  const auto first = std::ranges::find_if(problems, is_error);
  std::string message = "the manifest is not valid";
  if (first != problems.end()) {
    message += ": " + manifest::format_problem(*first);
  }
  if (const auto count = std::ranges::count_if(problems, is_error); count > 1) {
    message += "; and " + std::to_string(count - 1) + " more";
  }
  print_failure(options, {name_of_code(config::exit_code::kBadManifest), message});
  return config::exit_code::kBadManifest;
}

}  // namespace sessync::cli
