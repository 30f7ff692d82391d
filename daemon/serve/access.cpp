#include "daemon/serve/access.h"

#include <algorithm>

#include "daemon/http/server/listen_address.h"

namespace sessync::serve {
namespace {

using Verdict = std::optional<AccessRefusal>;

Verdict check_host(const RequestFacts& request, const AccessRules& rules) {
  if (rules.loopback_listener) {
    if (request.hosts.size() == 1 && http::is_loopback_authority(request.hosts.front())) {
      return std::nullopt;
    }
    return AccessRefusal{421, "misdirected_request",
                         "this daemon listens on loopback and answers only requests whose Host is "
                         "localhost, 127.0.0.1 or [::1]"};
  }
  if (request.hosts.size() > 1) {
    return AccessRefusal{400, "bad_request", "the request has several Host headers"};
  }
  if (request.hosts.size() == 1 &&
      http::is_trusted_authority(request.hosts.front(), rules.allowed_hosts)) {
    return std::nullopt;
  }
  return AccessRefusal{421, "misdirected_request",
                       "this daemon answers only requests whose Host is an address, a name "
                       "without a dot, a service of the cluster, or a name that it was given with "
                       "--allowed-host"};
}

/// Whether a browser sent it for a page that is not the daemon's own. Programs that are none send
/// neither header.
bool is_of_another_page(const RequestFacts& request, const std::string& own) {
  const auto is_foreign_site = [](const std::string& site) {
    return site != "same-origin" && site != "none";
  };
  return std::ranges::any_of(request.origins, [&](const auto& origin) { return origin != own; }) ||
         std::ranges::any_of(request.fetch_sites, is_foreign_site);
}

Verdict check_without_token(const RequestFacts& request, const AccessRules& rules) {
  if (!rules.loopback_listener) {
    return AccessRefusal{403, "token_required",
                         "writes are refused on an address that others can reach, unless the "
                         "daemon is given a token with --admin-token-file"};
  }
  const auto own = (rules.tls ? "https://" : "http://") + request.hosts.front();
  if (is_of_another_page(request, own)) {
    return AccessRefusal{403, "cross_origin", "writes from pages of another origin are refused"};
  }
  return std::nullopt;
}

/// The token of "Bearer TOKEN"; the scheme in any case.
std::optional<std::string> bearer(const std::string& value) {
  static const std::string scheme = "bearer ";
  const bool matches =
      value.size() > scheme.size() &&
      std::equal(scheme.begin(), scheme.end(), value.begin(),
                 [](char want, char got) { return want == got || want == (got | ' '); });
  if (!matches) {
    return std::nullopt;
  }
  return value.substr(std::min(value.find_first_not_of(' ', scheme.size()), value.size()));
}

bool is_usable(const AccessRules::Token& token) { return token && *token && !(*token)->empty(); }

bool shows(const RequestFacts& request, const AccessRules::Token& token) {
  if (!is_usable(token) || request.authorizations.size() != 1) {
    return false;
  }
  auto given = bearer(request.authorizations.front());
  return given && ports::Secret(std::move(*given)) == **token;
}

/// Why a request is refused that does not show the token.
AccessRefusal without_token(const AccessRules::Token& token, const std::string& what,
                            const std::string& option) {
  if (!is_usable(token)) {
    return AccessRefusal{503, "token_unavailable",
                         what + " are refused because the daemon cannot read its token: " +
                             (*token ? "it is empty" : token->error())};
  }
  return AccessRefusal{
      401, "unauthorized",
      what + " need the header Authorization: Bearer with the token of the daemon's " + option};
}

Verdict check_read(const RequestFacts& request, const AccessRules& rules) {
  if (!rules.read_token || shows(request, rules.read_token) || shows(request, rules.token)) {
    return std::nullopt;
  }
  return without_token(rules.read_token, "reads", "--read-token-file");
}

Verdict check_write(const RequestFacts& request, const AccessRules& rules) {
  if (!rules.token) {
    return check_without_token(request, rules);
  }
  if (shows(request, rules.token)) {
    return std::nullopt;
  }
  return without_token(rules.token, "writes", "--admin-token-file");
}

}  // namespace

Verdict refuse_access(const RequestFacts& request, const AccessRules& rules) {
  using Asks = RequestFacts::Asks;
  if (request.asks == Asks::kProbe) {
    return std::nullopt;
  }
  if (auto refusal = check_host(request, rules); refusal || request.asks == Asks::kProof) {
    return refusal;
  }
  return request.asks == Asks::kWrite ? check_write(request, rules) : check_read(request, rules);
}

}  // namespace sessync::serve
