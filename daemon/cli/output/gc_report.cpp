#include "daemon/cli/output/gc_report.h"

#include <optional>

#include <nlohmann/json.hpp>

#include "daemon/cli/output/report.h"
#include "manifest/text/utf8.h"

namespace sessync::cli {
namespace {

using Json = nlohmann::ordered_json;

/// "3d", "5h": what matters is whether it is about an hour or much longer.
std::string age_text(ports::Duration age) {
  const auto hours = std::chrono::floor<std::chrono::hours>(age).count();
  return hours >= 48 ? std::to_string(hours / 24) + "d" : std::to_string(hours) + "h";
}

/// What became of the `at`-th file: listed, deleted, failed or skipped.
const char* result_of(const std::vector<gc::GarbageDeletion>& results, std::size_t at) {
  if (at >= results.size()) {
    return "listed";
  }
  return results[at].done ? "deleted" : results[at].error.empty() ? "skipped" : "failed";
}

std::string error_of(const std::vector<gc::GarbageDeletion>& results, std::size_t at) {
  return at < results.size() ? results[at].error : "";
}

std::string lines(const std::string& kind, const std::vector<gc::Garbage>& found,
                  const std::vector<gc::GarbageDeletion>& results) {
  std::string text;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto& one = found[i];
    text += std::string(result_of(results, i)) + "  " + kind + "  " +
            manifest::printable(one.file.file_id) + "  " + manifest::printable(one.file.filename) +
            "  " + std::to_string(one.file.size_bytes) + " B  " + age_text(one.age) + "  " +
            one.why + (one.session_id ? " in session " + manifest::printable(*one.session_id) : "");
    const auto error = error_of(results, i);
    text += (error.empty() ? "" : ": " + manifest::printable(error)) + "\n";
  }
  return text;
}

struct Totals {
  std::size_t files = 0;
  std::uint64_t bytes = 0;
  std::size_t deleted = 0;

  void count(const std::vector<gc::Garbage>& found,
             const std::vector<gc::GarbageDeletion>& results) {
    for (std::size_t i = 0; i < found.size(); ++i) {
      ++files;
      bytes += found[i].file.size_bytes;
      deleted += i < results.size() && results[i].done ? 1U : 0U;
    }
  }
};

Totals totals_of(const GcReport& report) {
  Totals totals;
  totals.count(report.found.uploads, report.uploads);
  totals.count(report.found.copies, report.copies);
  return totals;
}

Json files_json(const std::vector<gc::Garbage>& found,
                const std::vector<gc::GarbageDeletion>& results) {
  Json list = Json::array();
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto& one = found[i];
    const auto error = error_of(results, i);
    list.push_back({{"file_id", one.file.file_id},
                    {"filename", one.file.filename},
                    {"size", one.file.size_bytes},
                    {"created_at", one.file.created_at},
                    {"age_seconds", std::chrono::floor<std::chrono::seconds>(one.age).count()},
                    {"session_id", one.session_id ? Json(*one.session_id) : Json(nullptr)},
                    {"reason", one.why},
                    {"result", result_of(results, i)},
                    {"error", error.empty() ? Json(nullptr) : Json(error)}});
  }
  return list;
}

/// What kept it from its work altogether, if one thing did.
std::optional<CommandError> error_of_all(const GcReport& report) {
  for (const auto& doubt : report.found.doubts) {
    if (!doubt.session) {
      return CommandError(doubt.error);
    }
  }
  return std::nullopt;
}

Json errors_json(const std::vector<gc::GarbageDoubt>& doubts) {
  Json list = Json::array();
  for (const auto& doubt : doubts) {
    list.push_back({{"session", doubt.session ? Json(*doubt.session) : Json(nullptr)},
                    {"code", errors::to_string(doubt.error.code)},
                    {"message", doubt.error.message}});
  }
  return list;
}

}  // namespace

std::string gc_text(const GcReport& report) {
  std::string text = lines("upload", report.found.uploads, report.uploads) +
                     lines("copy", report.found.copies, report.copies);
  for (const auto& doubt : report.found.doubts) {
    text += "error: " + (doubt.session ? "session " + *doubt.session + ": " : "") +
            manifest::printable(doubt.error.message) + "\n";
  }
  const auto totals = totals_of(report);
  text += "Garbage: " + std::to_string(report.found.uploads.size()) + " uploads, " +
          std::to_string(report.found.copies.size()) + " copies, " + std::to_string(totals.bytes) +
          " bytes; ";
  if (!report.deletes && totals.files > 0) {
    return text + "nothing was deleted: --yes deletes them.\n";
  }
  return text + std::to_string(totals.deleted) + " deleted.\n";
}

std::string gc_document(const GcReport& report, const std::optional<CommandError>& error) {
  const auto totals = totals_of(report);
  const auto why = error ? error : error_of_all(report);
  const Json failure = why ? Json{{"code", why->code}, {"message", why->message}} : Json(nullptr);
  const Json json{{"format", 1},
                  {"error", failure},
                  {"uploads", files_json(report.found.uploads, report.uploads)},
                  {"copies", files_json(report.found.copies, report.copies)},
                  {"errors", errors_json(report.found.doubts)},
                  {"summary",
                   {{"uploads", report.found.uploads.size()},
                    {"copies", report.found.copies.size()},
                    {"bytes", totals.bytes},
                    {"deleted", totals.deleted}}}};
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

int gc_exit_code(const GcReport& report) {
  int code = config::exit_code::kOk;
  for (const auto& doubt : report.found.doubts) {
    code = graver(code, doubt.error.code == errors::SessionError::Code::kAuthenticationFailed
                            ? config::exit_code::kAuthentication
                            : config::exit_code::kFailed);
  }
  const auto totals = totals_of(report);
  const bool all_deleted = !report.deletes || totals.deleted == totals.files;
  return all_deleted ? code : graver(code, config::exit_code::kFailed);
}

}  // namespace sessync::cli
