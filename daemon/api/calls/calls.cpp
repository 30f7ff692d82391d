#include "daemon/api/calls/calls.h"

#include <utility>

#include "daemon/http/client/url.h"
#include "daemon/os/foreign_text.h"
#include "daemon/os/live_secrets.h"

namespace sessync::api {
namespace {

using Method = http::HttpRequest::Method;

constexpr std::size_t kLongestToken = 4096;

/// Why the API would refuse the token; "" if it would not.
std::string problem_of_token(const ports::Secret& token) {
  if (token.empty()) return "the token is empty";
  return token.reveal().size() > kLongestToken ? "the token is longer than 4096 bytes" : "";
}

ports::Result<ApiCall> with_body(ApiCall call, Parsed<ports::Secret> body) {
  if (!body) return tl::unexpected(not_sent(body.error()));
  call.body = std::move(*body);
  return call;
}

}  // namespace

ApiCall make_call(std::string_view operation, Method method, Lane lane, std::string target) {
  ApiCall call;
  call.operation = operation;
  call.method = method;
  call.lane = lane;
  call.target = std::move(target);
  return call;
}

std::string session_path(const std::string& session_id) {
  return "/v1/sessions/" + http::percent_encode(session_id);
}

std::string resource_path(const std::string& session_id, const std::string& resource_id) {
  return session_path(session_id) + "/resources/" + http::percent_encode(resource_id);
}

std::string file_path(const std::string& file_id) {
  return "/v1/files/" + http::percent_encode(file_id);
}

ports::ApiError not_sent(std::string_view why) {
  ports::ApiError error;
  error.kind = ports::ApiError::Kind::kInvalid;
  error.message = "not sent: " + std::string(why);
  return error;
}

std::optional<ports::ApiError> check_id(const std::string& id) {
  if (http::is_path_segment(id)) return std::nullopt;
  return not_sent("\"" + os::foreign_text(id) + "\" is not an id");
}

ports::Result<ApiCall> rotate_token_call(const ports::TokenUpdate& update) {
  for (const std::string& id : {update.session_id, update.resource_id}) {
    if (auto error = check_id(id)) return tl::unexpected(std::move(*error));
  }
  const std::string problem = problem_of_token(update.token);
  if (!problem.empty()) return tl::unexpected(not_sent(problem));
  ApiCall call = make_call("rotate_token", Method::kPost, Lane::kWrites,
                           resource_path(update.session_id, update.resource_id));
  os::live_secrets().add(update.token, os::LiveSecrets::Life::kUse);
  return with_body(std::move(call), rotate_token_body(update));
}

ports::Result<ApiCall> create_session_call(const ports::NewSession& request) {
  ApiCall call = make_call("create_session", Method::kPost, Lane::kWrites, "/v1/sessions");
  call.patience = kCreatePatience;
  call.max_answer_bytes = kLongAnswer;
  for (const ports::NewRepository& repository : request.repositories) {
    if (!repository.token) continue;
    const std::string problem = problem_of_token(*repository.token);
    if (!problem.empty()) return tl::unexpected(not_sent(problem + " (" + repository.url + ")"));
    os::live_secrets().add(*repository.token, os::LiveSecrets::Life::kUse);
  }
  return with_body(std::move(call), create_session_body(request));
}

ports::Result<ApiCall> update_session_call(const ports::SessionUpdate& update) {
  if (auto error = check_id(update.session_id)) return tl::unexpected(std::move(*error));
  ApiCall call =
      make_call("update_session", Method::kPost, Lane::kWrites, session_path(update.session_id));
  call.max_answer_bytes = kLongAnswer;
  return with_body(std::move(call), update_session_body(update));
}

}  // namespace sessync::api
