#include "tests/double/http/http_route.h"

#include <algorithm>
#include <vector>

#include "tests/double/model/model_rules.h"

namespace sessync::skin {

namespace {

constexpr const char* kManagedAgents = "managed-agents-2026-04-01";
constexpr const char* kAgentMemory = "agent-memory-2026-07-22";
constexpr const char* kOldFiles = "files-api-2025-04-14";

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char character : text) {
    if (character == separator) {
      parts.emplace_back();
    } else {
      parts.back() += character;
    }
  }
  return parts;
}

/// The ids in `path`, if it has the shape of `pattern`.
std::optional<std::vector<std::string>> match(const std::string& path, const char* pattern) {
  const auto have = split(path, '/');
  const auto want = split(pattern, '/');
  if (have.size() != want.size()) {
    return std::nullopt;
  }
  std::vector<std::string> ids;
  for (std::size_t part = 0; part < have.size(); ++part) {
    const bool is_id = want[part] == "*" && !have[part].empty();
    if (!is_id && have[part] != want[part]) {
      return std::nullopt;
    }
    if (is_id) {
      ids.push_back(have[part]);
    }
  }
  return ids;
}

Operation kind_of_file_list(const Request& request) {
  if (request.query.contains("scope_id")) {
    return Operation::kListSessionFiles;
  }
  const bool by_id = request.query.contains("ids[]") || request.query.contains("ids");
  return by_id ? Operation::kFindFiles : Operation::kListFiles;
}

Route make_route(const Request& request, const Served& rule, std::vector<std::string> ids) {
  Route route;
  route.operation = rule.operation;
  if (rule.operation == Operation::kListFiles) {
    route.operation = kind_of_file_list(request);
  }
  const bool is_session = request.path.starts_with("/v1/sessions/");
  if (is_session) {
    route.session_id = ids.front();
    ids.erase(ids.begin());
  }
  if (!ids.empty()) {
    route.id = ids.front();
  }
  return route;
}

std::string header(const Request& request, const char* name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? "" : found->second;
}

std::vector<std::string> betas(const Request& request) {
  std::string text = header(request, "anthropic-beta");
  std::erase(text, ' ');
  auto values = split(text, ',');
  std::erase(values, "");
  return values;
}

bool has_beta(const Request& request, const char* value) {
  const auto values = betas(request);
  return std::find(values.begin(), values.end(), value) != values.end();
}

std::string credential(const Request& request) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string authorization = header(request, "authorization");
  return authorization.starts_with(kBearer) ? authorization.substr(kBearer.size())
                                            : header(request, "x-api-key");
}

[[noreturn]] void refuse_with(int status, const char* type, std::string message) {
  throw Refused(model::Error{status, type, std::move(message), "", false});
}

void check_betas(const Request& request) {
  static const std::vector<std::string> known = {kManagedAgents, kAgentMemory, kOldFiles,
                                                 "oauth-2025-04-20", "skills-2025-10-02"};
  for (const auto& value : betas(request)) {
    if (std::find(known.begin(), known.end(), value) == known.end()) {
      throw Refused(
          model::invalid("Unexpected value(s) `" + value + "` for the `anthropic-beta` header"));
    }
  }
  if (has_beta(request, kAgentMemory) && has_beta(request, kManagedAgents)) {
    throw Refused(model::invalid(std::string("`") + kAgentMemory + "` cannot be combined with `" +
                                 kManagedAgents + "`"));
  }
}

}  // namespace

const std::vector<Served>& served_routes() {
  static const std::vector<Served> all = {
      {"POST", "/v1/files", Operation::kUpload},
      {"GET", "/v1/files", Operation::kListFiles},
      {"GET", "/v1/files/*", Operation::kGetFile},
      {"DELETE", "/v1/files/*", Operation::kDeleteFile},
      {"GET", "/v1/files/*/content", Operation::kDownloadFile},
      {"POST", "/v1/sessions", Operation::kCreateSession},
      {"GET", "/v1/sessions", Operation::kListSessions},
      {"GET", "/v1/sessions/*", Operation::kGetSession},
      {"POST", "/v1/sessions/*", Operation::kUpdateSession},
      {"DELETE", "/v1/sessions/*", Operation::kDeleteSession},
      {"POST", "/v1/sessions/*/archive", Operation::kArchiveSession},
      {"GET", "/v1/sessions/*/events", Operation::kListEvents},
      {"POST", "/v1/sessions/*/events", Operation::kSendEvents},
      {"GET", "/v1/sessions/*/events/stream", Operation::kStreamEvents},
      {"POST", "/v1/sessions/*/resources", Operation::kAddResource},
      {"GET", "/v1/sessions/*/resources", Operation::kListResources},
      {"GET", "/v1/sessions/*/resources/*", Operation::kGetResource},
      {"POST", "/v1/sessions/*/resources/*", Operation::kRotateToken},
      {"DELETE", "/v1/sessions/*/resources/*", Operation::kDeleteResource},
  };
  return all;
}

Route route_of(const Request& request) {
  bool path_exists = false;
  for (const Served& rule : served_routes()) {
    auto ids = match(request.path, rule.pattern);
    if (ids && request.method == rule.method) {
      return make_route(request, rule, std::move(*ids));
    }
    path_exists = path_exists || ids.has_value();
  }
  if (path_exists) {
    refuse_with(405, "invalid_request_error", "Method Not Allowed");
  }
  refuse_with(404, "not_found_error", "Not Found");
}

void check_headers(const Request& request, const Route& route, const std::string& api_key) {
  const std::string given = credential(request);
  if (given.empty()) {
    refuse_with(401, "authentication_error", "x-api-key header is required");
  }
  if (!api_key.empty() && given != api_key) {
    refuse_with(401, "authentication_error", "invalid x-api-key");
  }
  const std::string version = header(request, "anthropic-version");
  if (version != "2023-06-01" && version != "2026-10-21") {
    throw Refused(model::invalid("anthropic-version: header is required"));
  }
  check_betas(request);
  const bool needs_beta =
      request.path.starts_with("/v1/sessions") || route.operation == Operation::kListSessionFiles;
  if (needs_beta && !has_beta(request, kManagedAgents)) {
    // Misleading, as recorded.
    throw Refused(model::invalid("Failed to parse request body: unknown field \"limit\""));
  }
}

bool wants_old_list(const Request& request) { return has_beta(request, kOldFiles); }

}  // namespace sessync::skin
