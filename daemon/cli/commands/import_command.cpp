#include <algorithm>
#include <string>
#include <vector>

#include "daemon/api/http_session_api.h"
#include "daemon/api/send/api_thread.h"
#include "daemon/cli/commands/commands.h"
#include "daemon/cli/commands/one_shot.h"
#include "daemon/cli/output/failure.h"
#include "daemon/cli/output/output.h"
#include "daemon/os/completion_queue.h"
#include "daemon/workspace/content/workspace_content.h"
#include "manifest/text/utf8.h"
#include "reconciler/errors/session_error.h"
#include "reconciler/import/import.h"

namespace sessync::cli {
namespace {

/// What is known of one session, and why not more.
struct Reading {
  importer::LiveSession session;
  std::optional<errors::SessionError> error;
};

/// Reads sessions, all at once, each by three calls.
class SessionReader {
 public:
  explicit SessionReader(ports::SessionApi& api) : api_(api) {}

  void read(const std::string& id, Reading& reading) {
    api_.get_session(id, into(id, reading, reading.session.info));
    api_.list_resources(id, into(id, reading, reading.session.rows));
    api_.list_session_files(id, into(id, reading, reading.session.files));
  }

 private:
  template <class T>
  static ports::Completion<T> into(const std::string& id, Reading& reading, T& place) {
    return [&id, &reading, &place](ports::Result<T> result) {
      if (result) {
        place = std::move(*result);
      } else if (!reading.error) {
        reading.error = errors::failure_of(result.error(), id, "reading session " + id).error;
      }
    };
  }

  ports::SessionApi& api_;
};

/// Each id once. That two of them may name one session is seen from the answers.
std::vector<std::string> distinct(const std::vector<std::string>& ids) {
  std::vector<std::string> once;
  once.reserve(ids.size());
  for (const std::string& id : ids) {
    if (std::ranges::find(once, id) == once.end()) {
      once.push_back(id);
    }
  }
  return once;
}

void refuse_archived(Reading& reading) {
  const auto& info = reading.session.info;
  if (!reading.error && info.archived_at) {
    reading.error = errors::archived_failure(info.session_id, *info.archived_at,
                                             "there is nothing to declare of it")
                        .error;
  }
}

std::vector<Reading> read_sessions(const std::vector<std::string>& ids, api::ApiOptions options) {
  std::vector<Reading> readings(ids.size());
  workspace::WorkspaceContent content;
  api::ApiThread thread(std::move(options), content);
  os::CompletionQueue queue;
  api::HttpSessionApi api(thread, queue);
  SessionReader reader(api);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    reader.read(ids[i], readings[i]);
  }
  while (queue.run_one()) {
  }
  std::ranges::for_each(readings, refuse_archived);
  return readings;
}

int complain(const std::string& message) {
  print_error("sessync: " + manifest::printable(message) + "\n");
  return config::exit_code::kFailed;
}

/// Without a session there is no manifest: then its place has the first error.
int print_nothing(const config::Options& options, const std::vector<Reading>& readings) {
  const auto failed = std::ranges::find_if(
      readings, [](const Reading& reading) { return reading.error.has_value(); });
  if (options.json && failed != readings.end()) {
    print(failure_document(options.command, CommandError(*failed->error)));
  }
  return config::exit_code::kFailed;
}

bool has(const std::vector<importer::LiveSession>& sessions, const std::string& id) {
  return std::ranges::any_of(sessions, [&](const importer::LiveSession& session) {
    return session.info.session_id == id;
  });
}

int print_imported(const std::vector<importer::LiveSession>& sessions,
                   const ports::MarkerRules& markers) {
  const auto imported = importer::import_sessions(sessions, &markers);
  print(imported.text);
  int code = config::exit_code::kOk;
  for (const auto& problem : imported.problems) {
    code = complain("the manifest is not valid as it is printed: " + problem);
  }
  return code;
}

}  // namespace

int import_command(const config::Settings& settings) {
  auto options = config::resolve_api_options(settings.options, config::process_environment());
  if (!options) {
    return refuse(settings.options, options.error());
  }
  const auto markers = config::resolve_marker_rules(settings.options);
  if (!markers) {
    return refuse(settings.options, markers.error());
  }
  auto readings = read_sessions(distinct(settings.options.import_ids), std::move(*options));
  int code = config::exit_code::kOk;
  std::vector<importer::LiveSession> sessions;
  sessions.reserve(readings.size());
  for (auto& reading : readings) {
    if (reading.error) {
      const int failed = complain(reading.error->message);
      const bool is_key = reading.error->code == errors::SessionError::Code::kAuthenticationFailed;
      code = is_key ? config::exit_code::kAuthentication : std::max(code, failed);
    } else if (!has(sessions, reading.session.info.session_id)) {
      sessions.push_back(std::move(reading.session));
    }
  }
  return std::max(code, sessions.empty() ? print_nothing(settings.options, readings)
                                         : print_imported(sessions, *markers));
}

}  // namespace sessync::cli
