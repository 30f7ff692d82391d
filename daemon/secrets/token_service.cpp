#include "daemon/secrets/token_service.h"

#include <memory>
#include <utility>
#include <variant>

#include "daemon/os/completion_queue.h"
#include "daemon/os/live_secrets.h"
#include "daemon/secrets/app_key.h"
#include "daemon/secrets/command_token.h"
#include "daemon/secrets/credential_text.h"
#include "daemon/secrets/github_app.h"
#include "daemon/secrets/token_text.h"
#include "daemon/secrets/token_variable.h"
#include "manifest/parse/github_url.h"

namespace sessync::secrets {
namespace {

constexpr std::size_t kMaxKeyBytes = 65536;

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

ports::TimePoint wall_clock() {
  return std::chrono::time_point_cast<ports::Duration>(std::chrono::system_clock::now());
}

TokenOptions with_defaults(TokenOptions options) {
  if (!options.clocks.now) options.clocks.now = &os::now_anchored;
  if (!options.clocks.wall) options.clocks.wall = &wall_clock;
  return options;
}

std::string name_of(const manifest::TokenCommand& source) {
  return "command \"" + safe_excerpt(source.argv.front(), 200) + "\"";
}

std::string not_run_to_look(const manifest::TokenCommand& source) {
  return name_of(source) + " is not run just to look; what it prints shows when this is applied";
}

tl::unexpected<ports::TokenError> unavailable(const std::string& why) {
  return tl::unexpected(ports::TokenError{why + "; until that is fixed no token is sent"});
}

ports::Secret kept_secret(const std::string& place, ports::Secret token) {
  os::live_secrets().replace(place, token);
  return token;
}

}  // namespace

TokenService::TokenService(TokenOptions options, const Fingerprints& fingerprints)
    : options_(with_defaults(std::move(options))),
      fingerprints_(fingerprints),
      files_(options_.secrets_dir, options_.own_files, options_.warn),
      minted_(options_.clocks.now) {}

TokenService::Text TokenService::read(const manifest::TokenFile& source) {
  auto content = files_.read(source.path, source.confined_to, kMaxKeyBytes);
  if (!content) return tl::unexpected(std::move(content.error()));
  auto token = repository_token_of_text(content->text.reveal());
  if (token) return kept_secret("file " + content->path, std::move(*token));
  return tl::unexpected("secret file " + content->path + " " + token.error() +
                        ": write the token, and nothing else, into it");
}

TokenService::Text TokenService::read(const manifest::TokenEnv& source) const {
  // Before it is read, because what is read as a token is taken out of the environment.
  if (auto why = variable_refusal(source.variable, options_.allow_env); !why.empty()) {
    return tl::unexpected("environment variable " + source.variable + " " + why);
  }
  auto text = options_.environment ? options_.environment(source.variable) : std::nullopt;
  if (!text) {
    return tl::unexpected("environment variable " + source.variable +
                          " is not set: set it and start sessync again");
  }
  auto token = repository_token_of_text(std::move(*text));
  if (token) return kept_secret("variable " + source.variable, std::move(*token));
  return tl::unexpected("environment variable " + source.variable + " " + token.error() +
                        ": set it to the token, and nothing else");
}

TokenService::SlowSource TokenService::prepare(const manifest::TokenCommand& source) const {
  std::vector<std::string> configuration{"command"};
  configuration.insert(configuration.end(), source.argv.begin(), source.argv.end());
  const CommandLimits limits{.time = options_.command_time, .variables = options_.allow_env};
  return SlowSource{
      fingerprints_.of_source(configuration),
      [argv = source.argv, limits, clocks = options_.clocks](const std::stop_token& stop) {
        return token_from_command(argv, limits, clocks, stop);
      }};
}

TokenService::Slow TokenService::prepare(const manifest::TokenGithubApp& source,
                                         const std::string& repository_url) {
  const auto repository = manifest::github_repository_name(repository_url);
  if (!repository) return tl::unexpected("the repository's URL " + repository.error());
  auto pem = files_.read(source.private_key_file, source.confined_to, kMaxKeyBytes);
  if (!pem) return tl::unexpected(std::move(pem.error()));
  auto key = AppKey::of_pem(pem->text);
  if (!key) return tl::unexpected("secret file " + pem->path + " " + key.error());
  GithubAppCall call{options_.github_api_url,
                     source.app_id,
                     source.installation_id,
                     *repository,
                     std::make_shared<const AppKey>(std::move(*key)),
                     options_.github_time};
  // The key's content counts: another one is another source, and its tokens are not the old one's.
  auto fingerprint = fingerprints_.of_source(
      {"github_app", options_.github_api_url, std::to_string(source.app_id),
       std::to_string(source.installation_id), repository_url, fingerprints_.of_token(pem->text)});
  return SlowSource{std::move(fingerprint), [call = std::move(call), clocks = options_.clocks](
                                                const std::stop_token& stop) {
                      return token_from_github(call, clocks, stop);
                    }};
}

ports::TokenState TokenService::state_of(const Minted& minted,
                                         const std::string& fingerprint) const {
  if (minted.renew_at) return {fingerprint, true};
  return {fingerprints_.of_token(minted.token), false};
}

void TokenService::peek_read(const Text& text, const PeekDone& done) const {
  if (!text) return done(unavailable(text.error()));
  done(ports::TokenState{fingerprints_.of_token(*text), false});
}

void TokenService::fetch_read(const Text& text, const FetchDone& done) const {
  if (!text) return done(unavailable(text.error()));
  done(ports::Token{*text, {fingerprints_.of_token(*text), false}, std::nullopt});
}

/// Whether a command mints is known once it was run. Then it is not run for a look.
bool TokenService::must_ask(const ports::TokenRequest& request,
                            const std::string& fingerprint) const {
  return request.sent_fingerprint != fingerprint && !minted_.mints(fingerprint);
}

std::optional<ports::TokenError> TokenService::refusal(const manifest::TokenCommand& source) const {
  if (!options_.may_run) return ports::TokenError{not_run_to_look(source)};
  if (options_.allow_commands) return std::nullopt;
  return ports::TokenError{
      name_of(source) +
      " is not run, so its token is not sent: start sessync with --allow-commands if "
      "whoever writes the manifest may run programs here"};
}

void TokenService::peek_command(const manifest::TokenCommand& source,
                                const ports::TokenRequest& request, const PeekDone& done) {
  const SlowSource slow = prepare(source);
  const bool known = !must_ask(request, slow.fingerprint);
  if (!options_.may_run) {
    return done(ports::TokenState{known ? slow.fingerprint : std::string(), known,
                                  not_run_to_look(source)});
  }
  if (const auto refused = refusal(source)) return done(tl::unexpected(*refused));
  if (known) return done(ports::TokenState{slow.fingerprint, true});
  minted_.ask(slow.fingerprint, MintTable::Want::kAny, slow.job,
              [this, done, fingerprint = slow.fingerprint](const MintResult& result) {
                if (!result) return done(unavailable(result.error().message));
                done(state_of(*result, fingerprint));
              });
}

void TokenService::peek_app(const Slow& source, const PeekDone& done) const {
  if (!source) return done(unavailable(source.error()));
  ports::TokenState state{source->fingerprint, true};
  if (!options_.may_run) {
    state.unchecked =
        "GitHub is not asked for a token just to look; whether it gives one shows when this is "
        "applied";
  }
  done(state);
}

void TokenService::fetch_slow(const Slow& source, bool renew, const FetchDone& done) {
  if (!source) return done(unavailable(source.error()));
  const auto want = renew ? MintTable::Want::kNew : MintTable::Want::kAny;
  minted_.ask(source->fingerprint, want, source->job,
              [this, done, fingerprint = source->fingerprint](const MintResult& result) {
                if (!result) return done(unavailable(result.error().message));
                done(ports::Token{result->token, state_of(*result, fingerprint), result->renew_at});
              });
}

void TokenService::peek(const ports::TokenRequest& request, const PeekDone& done) {
  std::visit(
      Overloaded{[&](const manifest::TokenCommand& source) { peek_command(source, request, done); },
                 [&](const manifest::TokenGithubApp& source) {
                   peek_app(prepare(source, request.repository_url), done);
                 },
                 [&](const auto& source) { peek_read(read(source), done); }},
      request.source);
}

void TokenService::fetch(const ports::TokenRequest& request, const FetchDone& done) {
  std::visit(Overloaded{[&](const manifest::TokenCommand& source) {
                          const auto refused = refusal(source);
                          if (refused) return done(tl::unexpected(*refused));
                          fetch_slow(prepare(source), request.renew, done);
                        },
                        [&](const manifest::TokenGithubApp& source) {
                          fetch_slow(prepare(source, request.repository_url), request.renew, done);
                        },
                        [&](const auto& source) { fetch_read(read(source), done); }},
             request.source);
}

}  // namespace sessync::secrets
