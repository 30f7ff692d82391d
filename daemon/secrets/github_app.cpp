#include "daemon/secrets/github_app.h"

#include <charconv>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "daemon/api/wire/error.h"
#include "daemon/http/client/http_client.h"
#include "daemon/os/live_secrets.h"
#include "daemon/secrets/credential_text.h"
#include "daemon/secrets/token_text.h"
#include "reconciler/observe/server_time.h"

namespace sessync::secrets {
namespace {

using nlohmann::json;

constexpr std::size_t kShownMessage = 200;
constexpr ports::Duration kLook = std::chrono::seconds(1);

http::HttpRequest make_request(const GithubAppCall& call, const ports::Secret& app_token) {
  http::HttpRequest request;
  request.method = http::HttpRequest::Method::kPost;
  request.url = call.api_url + "/app/installations/" + std::to_string(call.installation_id) +
                "/access_tokens";
  request.headers.push_back({"Accept", ports::Secret("application/vnd.github+json")});
  request.headers.push_back({"Authorization", ports::Secret("Bearer " + app_token.reveal())});
  request.headers.push_back({"Content-Type", ports::Secret("application/json")});
  request.headers.push_back({"X-GitHub-Api-Version", ports::Secret("2022-11-28")});
  request.body = ports::Secret(json{{"repositories", {call.repository}}}.dump());
  return request;
}

/// Nothing: stopped.
std::optional<http::HttpOutcome> send(http::HttpRequest request, ports::Duration patience,
                                      const std::stop_token& stop) {
  http::HttpClient client({.connections = 1, .no_progress = patience, .answer = patience});
  const std::stop_callback on_stop(stop, [&client] { client.wake(); });
  std::optional<http::HttpOutcome> outcome;
  client.start(std::move(request), [&outcome](http::HttpOutcome got) { outcome = std::move(got); });
  while (!outcome && !stop.stop_requested()) client.run(kLook);
  return outcome;
}

std::string who(const GithubAppCall& call) {
  return "app " + std::to_string(call.app_id) + ", installation " +
         std::to_string(call.installation_id) + ", repository " + call.repository;
}

/// What to do about a refusal.
std::string advice(const GithubAppCall& call, int status) {
  const std::string app = std::to_string(call.app_id);
  const std::string installation = std::to_string(call.installation_id);
  switch (status) {
    case 401:
      return "check that private_key belongs to app " + app + ", and this machine's clock";
    case 403:
      return "check that installation " + installation +
             " is not suspended and that the app may read the repository";
    case 404:
      return "check that installation " + installation + " is one of app " + app;
    case 422:
      return "give installation " + installation + " access to repository " + call.repository;
    default:
      break;
  }
  return status >= 500 || status == 429 ? "it is asked again later" : "check the GitHub API's URL";
}

std::string message_in(const std::string& body) {
  const json document = json::parse(body, nullptr, false);
  if (!document.is_object()) return "";
  const auto found = document.find("message");
  if (found == document.end() || !found->is_string()) return "";
  return safe_excerpt(found->get_ref<const std::string&>(), kShownMessage);
}

std::optional<ports::Duration> retry_after(const http::HttpAnswer& answer) {
  const auto found = answer.headers.find("retry-after");
  if (found == answer.headers.end()) return std::nullopt;
  const std::string& text = found->second;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || seconds < 0 || seconds > 86400) return std::nullopt;
  return std::chrono::seconds(seconds);
}

MintFailure refusal(const GithubAppCall& call, const http::HttpAnswer& answer) {
  std::string message =
      "GitHub refused a token for " + who(call) + ": HTTP " + std::to_string(answer.status);
  if (const std::string said = message_in(answer.body); !said.empty()) message += ", " + said;
  return {message + "; " + advice(call, answer.status), retry_after(answer)};
}

/// GitHub says when a token expires by its own clock, and in the same answer what time it is there.
Clocks by_its_clock(const http::HttpAnswer& answer, const Clocks& ours) {
  const auto date = api::date_of(answer);
  if (!date) return ours;
  return {ours.now, [now = *date] { return now; }};
}

}  // namespace

MintResult token_of_github_answer(const GithubAppCall& call, std::string& body,
                                  const Clocks& clocks) {
  const auto unusable = [&call](const std::string& what) {
    return tl::unexpected(MintFailure{"GitHub's answer for " + who(call) + " " + what, {}});
  };
  json document = json::parse(body, nullptr, false);
  ports::wipe(body);
  if (!document.is_object() || !document["token"].is_string() ||
      !document["expires_at"].is_string()) {
    return unusable("holds no token: check the GitHub API's URL");
  }
  auto token = credential_of_text(std::move(document["token"].get_ref<std::string&>()));
  if (!token) return unusable("holds a token that " + token.error());
  const auto expires_at =
      observe::parse_server_time(document["expires_at"].get_ref<const std::string&>());
  if (!expires_at) return unusable("holds a time that cannot be read");
  auto minted =
      make_minted(std::move(*token), std::chrono::floor<ports::Duration>(*expires_at), clocks);
  if (!minted) return unusable("holds a token that has expired: check this machine's clock");
  return std::move(*minted);
}

MintResult token_from_github(const GithubAppCall& call, const Clocks& clocks,
                             const std::stop_token& stop) {
  const ports::Secret app_token = call.key->sign_token(call.app_id, clocks.wall());
  if (app_token.empty()) {
    return tl::unexpected(
        MintFailure{"the private key of app " + std::to_string(call.app_id) +
                        " cannot sign: get a new one from the app's settings at GitHub",
                    {}});
  }
  os::live_secrets().replace("token of " + who(call), app_token);
  auto outcome = send(make_request(call, app_token), call.patience, stop);
  if (!outcome || outcome->failure) {
    const std::string why =
        outcome ? safe_excerpt(outcome->failure->message, kShownMessage) : "sessync is stopping";
    return tl::unexpected(MintFailure{"GitHub did not answer for " + who(call) + ": " + why, {}});
  }
  if (outcome->answer.status / 100 != 2) return tl::unexpected(refusal(call, outcome->answer));
  const auto theirs = by_its_clock(outcome->answer, clocks);
  return token_of_github_answer(call, outcome->answer.body, theirs);
}

}  // namespace sessync::secrets
