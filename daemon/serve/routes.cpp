#include "daemon/serve/routes.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

#include "daemon/os/foreign_text.h"
#include "daemon/os/log.h"
#include "daemon/os/user_name.h"
#include "daemon/remote/proof.h"
#include "daemon/secrets/secret_file.h"
#include "daemon/serve/json_text.h"
#include "daemon/serve/negotiation.h"
#include "daemon/serve/status_json.h"

namespace sessync::serve {
namespace {

constexpr const char* kPlain = "text/plain; charset=utf-8";
constexpr std::size_t kLongestText = 200;
constexpr int kNoToken = 401;
constexpr int kTooSoon = 429;

// Of the page: what changed since what is shown, and one session with everything.
const std::string kPageSince = "/page/since/";
const std::string kPageSession = "/page/sessions/";
const std::string kEventsSince = "/api/v1/events/";

http::Reply reply(int status, const char* type, std::string body) {
  http::Reply result;
  result.status = status;
  result.type = type;
  result.body = std::make_shared<const std::string>(std::move(body));
  result.headers = {{"Cache-Control", "no-store"}};
  return result;
}

http::Reply refuse(const AccessRefusal& why) {
  auto result = reply(why.status, "application/json", error_document(why.code, why.message));
  if (why.status == kNoToken) {
    result.headers.emplace_back("WWW-Authenticate", "Bearer");
  }
  if (why.retry_after.count() > 0) {
    result.headers.emplace_back("Retry-After", std::to_string(why.retry_after.count()));
  }
  return result;
}

AccessRefusal too_many_guesses(std::chrono::seconds pause) {
  return {kTooSoon, "too_many_refused_tokens",
          "this token is wrong, as too many from this address were before it; try again in " +
              std::to_string(pause.count()) + " s",
          pause};
}

/// Whoever sends these wants to change something, whether or not there is anything to change.
bool would_change(const std::string& method) {
  return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
}

http::Reply wrong_method(const char* allowed) {
  auto result = refuse({405, "method_not_allowed", std::string("this path takes only ") + allowed});
  result.headers.emplace_back("Allow", allowed);
  return result;
}

AccessRefusal as_refusal(const CommandRefusal& refusal) {
  switch (refusal.kind) {
    case CommandRefusal::Kind::kUnknownSession:
      return {404, "unknown_session", refusal.message};
    case CommandRefusal::Kind::kSuspendedByManifest:
      return {409, "suspended_by_manifest", refusal.message};
    case CommandRefusal::Kind::kNotRecorded:
      return {503, "not_recorded", refusal.message};
  }
  return {503, "not_recorded", refusal.message};
}

void write_finishing(JsonText& json, const Suspending& suspending) {
  json.key("finishing").array();
  for (const auto& path : suspending.finishing) {
    json.text(path);
  }
  json.end_array();
}

std::unique_ptr<secrets::SecretFile> file_of(const std::string& path) {
  return path.empty() ? nullptr : std::make_unique<secrets::SecretFile>(path);
}

/// The last good one, or why there never was any.
tl::expected<ports::Secret, std::string> token_in(secrets::SecretFile& file) {
  auto token = file.current();
  return token.empty() ? file.refresh()
                       : tl::expected<ports::Secret, std::string>(std::move(token));
}

/// "" where nobody can tell.
std::string user_of(const http::Peer& peer) { return peer.uid ? os::user_name(*peer.uid) : ""; }

/// Of what does not write.
RequestFacts::Asks asks_of(const http::Request& request) {
  using Asks = RequestFacts::Asks;
  if (request.path == "/livez" || request.path == "/readyz") {
    return Asks::kProbe;
  }
  return request.path.starts_with(remote::kProofPath) ? Asks::kProof : Asks::kRead;
}

/// A text of the request's document, "" if it has none; false: it is none, or too long.
bool take_text(const nlohmann::json& document, const char* key, std::string& text) {
  if (!document.contains(key)) {
    return true;
  }
  const auto& value = document[key];
  if (!value.is_string() || value.get_ref<const std::string&>().size() > kLongestText) {
    return false;
  }
  text = value.get<std::string>();
  return true;
}

}  // namespace

struct Routes::Asked {
  enum class Verb { kReconcile, kSuspend, kResume };

  [[nodiscard]] const char* word() const {
    return verb == Verb::kReconcile ? "reconcile" : verb == Verb::kSuspend ? "suspend" : "resume";
  }

  std::string name;
  Verb verb = Verb::kReconcile;
  std::string allow_deletes;
  std::string by;

  /// False: the body is no document that is understood.
  bool take(const std::string& body) {
    if (body.empty()) {
      return true;
    }
    const auto document = nlohmann::json::parse(body, nullptr, false);
    return document.is_object() && take_text(document, "allow_deletes", allow_deletes) &&
           take_text(document, "by", by);
  }
};

Routes::Routes(RouteTargets targets, RouteAccess access)
    : targets_(std::move(targets)),
      access_(std::move(access)),
      admin_token_(file_of(access_.admin_token_file)),
      read_token_(file_of(access_.read_token_file)) {}

Routes::Reader Routes::reader_of(const std::string& path) {
  static const std::array<std::pair<const char*, Reader>, 6> readers{{
      {"/", &Routes::page},
      {"/livez", &Routes::livez},
      {"/readyz", &Routes::readyz},
      {"/metrics", &Routes::metrics},
      {"/api/v1/status", &Routes::status},
      {"/api/v1/events", &Routes::events},
  }};
  static const std::array<std::pair<std::string, Reader>, 4> families{{
      {remote::kProofPath, &Routes::proof},
      {kPageSince, &Routes::page},
      {kPageSession, &Routes::page},
      {kEventsSince, &Routes::events},
  }};
  for (const auto& [name, reader] : readers) {
    if (path == name) {
      return reader;
    }
  }
  for (const auto& [prefix, reader] : families) {
    if (path.starts_with(prefix)) {
      return reader;
    }
  }
  return nullptr;
}

/// /api/v1/sessions/{name}/{verb}
std::optional<Routes::Asked> Routes::write_of(const std::string& path) {
  static const std::string prefix = "/api/v1/sessions/";
  static const std::array<std::pair<const char*, Asked::Verb>, 3> verbs{{
      {"reconcile", Asked::Verb::kReconcile},
      {"suspend", Asked::Verb::kSuspend},
      {"resume", Asked::Verb::kResume},
  }};
  const auto slash = path.rfind('/');
  if (!path.starts_with(prefix) || slash <= prefix.size()) {
    return std::nullopt;
  }
  for (const auto& [name, verb] : verbs) {
    if (path.substr(slash + 1) == name) {
      return Asked{path.substr(prefix.size(), slash - prefix.size()), verb, {}, {}};
    }
  }
  return std::nullopt;
}

/// Nothing is read for requests that need no token, nor more than once what does not change, for
/// those that come often.
std::optional<AccessRefusal> Routes::refusal(const http::Request& request,
                                             RequestFacts::Asks asks) const {
  using Asks = RequestFacts::Asks;
  if (request.peer.way == http::Way::kLocal) {
    return std::nullopt;
  }
  AccessRules rules;
  rules.loopback_listener = request.peer.way == http::Way::kLoopback;
  rules.tls = access_.tls;
  rules.allowed_hosts = access_.allowed_hosts;
  if (asks == Asks::kWrite && admin_token_) {
    rules.token = admin_token_->refresh();
  }
  if (asks == Asks::kRead && read_token_) {
    rules.read_token = token_in(*read_token_);
    rules.token = admin_token_ ? AccessRules::Token(token_in(*admin_token_)) : std::nullopt;
  }
  return refuse_access({asks, request.all("Host"), request.all("Origin"),
                        request.all("Authorization"), request.all("Sec-Fetch-Site")},
                       rules);
}

/// Whoever guesses tokens waits longer and longer. The right one is let in at any time: its owner
/// may share the address with who guesses.
std::optional<AccessRefusal> Routes::slow_down(const http::Request& request,
                                               RequestFacts::Asks asks) const {
  auto why = refusal(request, asks);
  if (!why || why->status != kNoToken) {
    return why;
  }
  const auto now = RefusedTokens::Clock::now();
  const bool guesses = !request.all("Authorization").empty();
  const auto pause = refused_tokens_->pause(request.peer.address, now);
  const bool too_soon = guesses && pause.count() > 0;
  refused_tokens_->note(request.peer.address, guesses && !too_soon, now);
  return too_soon ? too_many_guesses(pause) : why;
}

void Routes::tell_of_refused(const http::Request& request) const {
  if (const auto count = refused_tokens_->to_tell(RefusedTokens::Clock::now())) {
    os::log(os::LogLevel::kWarning,
            "requests without the right token were refused; the next ones are told of in a minute",
            {{"requests", std::to_string(*count)},
             {"last_from", request.peer.address},
             {"last_asked_for", request.path}});
  }
}

void Routes::tell_of_write(const http::Request& request, const std::optional<Asked>& asked,
                           int status) const {
  if (!targets_.wrote) {
    return;
  }
  status::WriteTrace trace;
  trace.peer = request.peer.address;
  trace.user = user_of(request.peer);
  trace.what = "unknown";
  if (asked) {
    auto told = *asked;
    static_cast<void>(told.take(request.body));
    trace.by = told.by;
    trace.what = told.word();
    trace.session = told.name;
    trace.allow_deletes = told.allow_deletes;
  } else {
    trace.path = request.path.substr(0, kLongestText);
  }
  trace.allowed = status / 100 == 2;
  trace.token_refused = status == kNoToken || status == kTooSoon;
  trace.status = status;
  targets_.wrote(trace);
}

http::Reply Routes::answer(const http::Request& request) const {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const auto reader = reader_of(request.path);
  const auto asked = write_of(request.path);
  const bool writes = asked && request.method == "POST";
  http::Reply result;
  const auto why = slow_down(request, writes ? RequestFacts::Asks::kWrite : asks_of(request));
  if (why) {
    result = refuse(*why);
    tell_of_refused(request);
  } else if (writes) {
    result = write(request, *asked);
  } else if (reader != nullptr && reads) {
    result = (this->*reader)(request);
  } else if (reader != nullptr || asked) {
    result = wrong_method(asked ? "POST" : "GET, HEAD");
  } else {
    result = refuse({404, "not_found", "nothing is served under this path"});
  }
  if (would_change(request.method)) {
    tell_of_write(request, writes ? asked : std::nullopt, result.status);
  }
  result.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return result;
}

os::Health Routes::health() const { return targets_.health ? targets_.health() : os::Health(); }

/// Nothing beyond this process counts.
http::Reply Routes::livez(const http::Request& /*request*/) const {
  const auto now = health();
  std::string body = now.alive ? "ok\n" : "not alive\n";
  for (const auto& problem : now.problems) {
    body += problem + "\n";
  }
  return reply(now.alive ? 200 : 503, kPlain, os::without_long_secrets(body));
}

http::Reply Routes::readyz(const http::Request& /*request*/) const {
  auto readiness = targets_.board->readiness();
  std::ranges::move(health().problems, std::back_inserter(readiness.problems));
  return reply(readiness.ready ? 200 : 503, kPlain,
               os::without_long_secrets(readiness_text(readiness)));
}

/// A long document goes packed to whoever takes that, which scrapers and browsers do.
void Routes::give(http::Reply& reply, const http::Request& request,
                  std::shared_ptr<const std::string> text) const {
  constexpr std::size_t kWorthIt = 4096;
  const bool takes = accepts_gzip(request.first("Accept-Encoding"));
  reply.headers.emplace_back("Vary", "Accept-Encoding");
  if (takes && text->size() >= kWorthIt) {
    reply.headers.emplace_back("Content-Encoding", "gzip");
    text = targets_.documents->packed(text);
  }
  reply.body = std::move(text);
}

http::Reply Routes::metrics(const http::Request& request) const {
  auto result = reply(200, "text/plain; version=0.0.4; charset=utf-8", "");
  give(result, request, targets_.documents->metrics());
  return result;
}

http::Reply Routes::status(const http::Request& request) const {
  const auto document = targets_.documents->status();
  const auto tag = "W/\"" + targets_.documents->id(document.revision) + '"';
  auto result = reply(200, "application/json", "");
  result.headers = {{"Cache-Control", "no-cache"}, {"ETag", tag}};
  if (names_tag(request.first("If-None-Match"), tag)) {
    result.status = 304;
    return result;
  }
  give(result, request, document.text);
  return result;
}

http::Reply Routes::events(const http::Request& request) const {
  const auto known = request.path.starts_with(kEventsSince)
                         ? request.path.substr(kEventsSince.size())
                         : request.first("Last-Event-ID");
  const auto document = targets_.documents->beginning(known, targets_.told());
  auto result = reply(200, "text/event-stream", "");
  result.body = document.text;
  result.follows = document.revision;
  return result;
}

http::Reply Routes::page(const http::Request& request) const {
  auto result = reply(200, "text/html; charset=utf-8", "");
  auto& documents = *targets_.documents;
  const auto& path = request.path;
  if (path.starts_with(kPageSince)) {
    give(result, request, documents.page_since(path.substr(kPageSince.size()), targets_.told()));
  } else if (path.starts_with(kPageSession)) {
    give(result, request, documents.page_of(path.substr(kPageSession.size())));
  } else {
    give(result, request, documents.page(targets_.told()));
  }
  result.headers.emplace_back("Content-Security-Policy", targets_.page_policy);
  result.headers.emplace_back("Referrer-Policy", "no-referrer");
  result.headers.emplace_back("X-Frame-Options", "DENY");
  return result;
}

/// Who asks learns nothing that would help to answer in the place of this daemon.
http::Reply Routes::proof(const http::Request& request) const {
  const auto challenge = request.path.substr(std::string_view(remote::kProofPath).size());
  if (targets_.nonce.empty() || request.peer.channel.empty() || !remote::is_challenge(challenge)) {
    return refuse({404, "not_found", "a challenge is 64 hex digits"});
  }
  const auto proof = remote::proof_of(targets_.nonce, challenge, request.peer.channel);
  return reply(200, "application/json",
               JsonText().object().key("proof").text(proof).end_object().take() + "\n");
}

http::Reply Routes::write(const http::Request& request, const Asked& asked) const {
  auto what = asked;
  what.by = request.peer.uid ? user_of(request.peer) : request.peer.address;
  if (!what.take(request.body)) {
    return refuse({400, "bad_request",
                   "the body must be a JSON object in which allow_deletes and by are short texts"});
  }
  const auto done = carry_out(what);
  if (!done) {
    return refuse(as_refusal(done.error()));
  }
  targets_.documents->expire();
  JsonText json;
  json.object().key("name").text(what.name);
  if (what.verb == Asked::Verb::kReconcile) {
    return reply(202, "application/json",
                 json.key("requested").text("reconcile").end_object().take() + "\n");
  }
  const bool suspended = what.verb == Asked::Verb::kSuspend;
  json.key("suspended").boolean(suspended);
  if (suspended) {
    write_finishing(json, *done);
  }
  return reply(200, "application/json", json.end_object().take() + "\n");
}

SuspendResult Routes::carry_out(const Asked& asked) const {
  auto& commands = *targets_.commands;
  if (asked.verb == Asked::Verb::kSuspend) {
    return commands.suspend(asked.name, asked.by);
  }
  const auto done = asked.verb == Asked::Verb::kReconcile
                        ? commands.reconcile(asked.name, asked.allow_deletes)
                        : commands.resume(asked.name);
  return done ? SuspendResult() : tl::unexpected(done.error());
}

}  // namespace sessync::serve
