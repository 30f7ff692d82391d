#include "daemon/cli/output/failure.h"

#include <algorithm>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "daemon/cli/output/gc_report.h"
#include "daemon/cli/output/output.h"
#include "daemon/cli/output/plan_json.h"
#include "daemon/os/log.h"
#include "manifest/text/utf8.h"

namespace sessync {
namespace {

using Json = nlohmann::ordered_json;

std::string name_of_code(int code) {
  switch (code) {
    case exit_code::kUsage:
      return "usage";
    case exit_code::kBadManifest:
      return "manifest_invalid";
    case exit_code::kAuthentication:
      return "authentication_failed";
    default:
      return "failed";
  }
}

void print_failure(const Options& options, const CommandError& error) {
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
  Problem problem;
  problem.code = error.code;
  problem.message = error.message;
  return problems_document({problem});
}

}  // namespace

std::string failure_document(Command command, const CommandError& error) {
  switch (command) {
    case Command::kPlan:
    case Command::kApply:
      return plan_document({}, command == Command::kApply, error);
    case Command::kGc:
      return gc_document({}, error);
    case Command::kValidate:
      return validation_document(error);
    case Command::kPull:
      return short_document(error, true);
    case Command::kImport:
    case Command::kStatus:
    case Command::kReconcile:
    case Command::kSuspend:
    case Command::kResume:
    case Command::kVersion:
      return short_document(error, false);
    case Command::kRun:
    case Command::kSchema:
    case Command::kCompletion:
    case Command::kSessionNames:
      break;
  }
  return "";
}

int refuse(const Options& options, const UsageError& error) {
  flush_log();
  std::fputs(("sessync: " + printable(error.message) + "\n").c_str(), stderr);
  print_failure(options, {name_of_code(error.code), error.message});
  return error.code;
}

int refuse_manifest(const Options& options, const Manifest& manifest) {
  const auto problems = manifest.problems();
  const auto is_error = [](const Problem& problem) {
    return problem.severity == Problem::Severity::kError;
  };
  const auto first = std::ranges::find_if(problems, is_error);
  std::string message = "the manifest is not valid";
  if (first != problems.end()) {
    message += ": " + format_problem(*first);
  }
  if (const auto count = std::ranges::count_if(problems, is_error); count > 1) {
    message += "; and " + std::to_string(count - 1) + " more";
  }
  print_failure(options, {name_of_code(exit_code::kBadManifest), message});
  return exit_code::kBadManifest;
}

}  // namespace sessync
