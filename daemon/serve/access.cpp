#include "daemon/serve/access.h"

#include <algorithm>

#include "daemon/http/server/listen_address.h"

namespace sessync {
namespace {

using Verdict = std::optional<AccessRefusal>;

Verdict check_host(const RequestFacts& request, bool loopback_listener) {
  if (loopback_listener) {
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
  return std::nullopt;
}

Verdict check_without_token(const RequestFacts& request, bool loopback_listener) {
  if (!loopback_listener) {
    return AccessRefusal{403, "token_required",
                         "writes are refused on an address that others can reach, unless the "
                         "daemon is given a token with --admin-token-file"};
  }
  const auto own = "http://" + request.hosts.front();
  if (!std::ranges::all_of(request.origins, [&](const auto& origin) { return origin == own; })) {
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

Verdict check_token(const RequestFacts& request,
                    const tl::expected<Secret, std::string>& expected) {
  if (!expected || expected->empty()) {
    return AccessRefusal{503, "token_unavailable",
                         "writes are refused because the daemon cannot read its token: " +
                             (expected ? "it is empty" : expected.error())};
  }
  if (request.authorizations.size() == 1) {
    if (auto given = bearer(request.authorizations.front());
        given && Secret(std::move(*given)) == *expected) {
      return std::nullopt;
    }
  }
  return AccessRefusal{401, "unauthorized",
                       "writes need the header Authorization: Bearer with the token of the "
                       "daemon's --admin-token-file"};
}

}  // namespace

Verdict refuse_access(const RequestFacts& request, const AccessRules& rules) {
  if (auto refusal = check_host(request, rules.loopback_listener); refusal || !request.writes) {
    return refusal;
  }
  return rules.token ? check_token(request, *rules.token)
                     : check_without_token(request, rules.loopback_listener);
}

}  // namespace sessync
