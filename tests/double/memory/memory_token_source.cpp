#include "tests/double/memory/memory_token_source.h"

#include <functional>
#include <utility>

namespace sessync {
namespace {

ports::TokenError unavailable(const std::string& url) {
  return {"the token of " + url + " cannot be read: the test says so"};
}

}  // namespace

void MemoryTokenSource::set(const std::string& url, const std::string& token) {
  sources_[url].token = token;
  sources_[url].life = {};
}

void MemoryTokenSource::mint(const std::string& url, ports::Duration life) {
  sources_[url].token.clear();
  sources_[url].life = life;
}

void MemoryTokenSource::reconfigure(const std::string& url) {
  sources_[url].token.clear();
  ++sources_[url].configuration;
}

void MemoryTokenSource::fail(const std::string& url, bool only_fetch) {
  sources_[url].failing = only_fetch ? Failing::kFetch : Failing::kEverything;
}

void MemoryTokenSource::works_again(const std::string& url) {
  sources_[url].failing = Failing::kNothing;
}

const MemoryTokenSource::Source& MemoryTokenSource::find(const std::string& url) const {
  static const Source none;
  const auto found = sources_.find(url);
  return found == sources_.end() ? none : found->second;
}

int MemoryTokenSource::peeks(const std::string& url) const { return find(url).peeks; }
int MemoryTokenSource::fetches(const std::string& url) const { return find(url).fetches; }
int MemoryTokenSource::mints(const std::string& url) const { return find(url).mints; }
std::string MemoryTokenSource::token(const std::string& url) const { return find(url).token; }

std::string MemoryTokenSource::fingerprint(const std::string& token) {
  return "token-" + std::to_string(std::hash<std::string>{}(token));
}

ports::TokenState MemoryTokenSource::state_of(const std::string& url, const Source& source) {
  if (source.life == ports::Duration{}) {
    return {fingerprint(source.token), false};
  }
  return {"source-" + std::to_string(source.configuration) + "-" + url, true};
}

void MemoryTokenSource::mint_if_due(const std::string& url, Source& source, bool renew) {
  const bool fresh = !source.token.empty() && loop_.now() < source.renew_at;
  if (source.life == ports::Duration{} || (fresh && !renew)) {
    return;
  }
  ++source.mints;
  source.token = "minted-" + std::to_string(source.mints) + "-for-" + url;
  source.renew_at = loop_.now() + source.life * 2 / 3;
}

bool MemoryTokenSource::is_refused(const Source& source) const {
  return source.is_program && !may_run_programs_;
}

tl::expected<ports::TokenState, ports::TokenError> MemoryTokenSource::look(
    const ports::TokenRequest& request, bool may_run) {
  auto& source = sources_[request.repository_url];
  ++source.peeks;
  if (!may_run && source.is_program) {
    auto state = state_of(request.repository_url, source);
    const bool is_known = state.mints && state.fingerprint == request.sent_fingerprint;
    return ports::TokenState{is_known ? state.fingerprint : "", is_known,
                             "programs are not run to look"};
  }
  if (is_refused(source)) {
    return tl::unexpected(unavailable(request.repository_url));
  }
  const bool empty = source.life == ports::Duration{} && source.token.empty();
  if (empty || source.failing == Failing::kEverything) {
    return tl::unexpected(unavailable(request.repository_url));
  }
  auto state = state_of(request.repository_url, source);
  if (state.mints && !may_run) {
    state.unchecked = "nothing is minted to look";
  }
  return state;
}

tl::expected<ports::Token, ports::TokenError> MemoryTokenSource::take(
    const ports::TokenRequest& request) {
  auto& source = sources_[request.repository_url];
  ++source.fetches;
  if (source.failing != Failing::kNothing || is_refused(source)) {
    return tl::unexpected(unavailable(request.repository_url));
  }
  mint_if_due(request.repository_url, source, request.renew);
  if (source.token.empty()) {
    return tl::unexpected(unavailable(request.repository_url));
  }
  ports::Token token{ports::Secret(source.token), state_of(request.repository_url, source),
                     std::nullopt};
  if (token.state.mints) {
    token.renew_at = source.renew_at;
  }
  return token;
}

void MemoryTokenSource::peek(
    ports::TokenRequest request,
    std::function<void(tl::expected<ports::TokenState, ports::TokenError>)> done) {
  loop_.submit([this, request = std::move(request), done = std::move(done)] {
    return [done, state = look(request, true)] { done(state); };
  });
}

void MemoryTokenSource::Looks::peek(
    ports::TokenRequest request,
    std::function<void(tl::expected<ports::TokenState, ports::TokenError>)> done) {
  all_.loop_.submit([this, request = std::move(request), done = std::move(done)] {
    return [done, state = all_.look(request, false)] { done(state); };
  });
}

void MemoryTokenSource::Looks::fetch(
    ports::TokenRequest /*request*/,
    std::function<void(tl::expected<ports::Token, ports::TokenError>)> done) {
  done(tl::unexpected(ports::TokenError{"who only looks fetches nothing"}));
}

void MemoryTokenSource::fetch(
    ports::TokenRequest request,
    std::function<void(tl::expected<ports::Token, ports::TokenError>)> done) {
  loop_.submit([this, request = std::move(request), done = std::move(done)] {
    return [done, token = take(request)] { done(token); };
  });
}

}  // namespace sessync
