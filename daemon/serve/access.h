#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/ports/secret.h"

namespace sessync::serve {

/// What access depends on in a request: the values of headers, each as often as it was sent.
struct RequestFacts {
  enum class Asks {
    kProbe,  ///< whether the daemon is alive or ready: open to everybody
    kProof,  ///< that it is the one of a state directory: what comes before a token is sent
    kRead,
    kWrite,
  };
  Asks asks = Asks::kRead;
  std::vector<std::string> hosts;
  std::vector<std::string> origins;
  std::vector<std::string> authorizations;
  std::vector<std::string> fetch_sites{};  ///< Sec-Fetch-Site: what a browser says of the page
};

/// As options and listener have it. Files are read by the caller: nothing here touches a disk.
struct AccessRules {
  /// Nothing: the daemon was given no token file. Else its content, or why it cannot be read.
  using Token = std::optional<tl::expected<ports::Secret, std::string>>;

  bool loopback_listener = true;
  Token token{};                             ///< that writes need; who has it may read as well
  Token read_token{};                        ///< that reads need
  std::vector<std::string> allowed_hosts{};  ///< by which it is known, if it listens elsewhere
  bool tls = false;
};

/// Why a request is not answered: 400 (several Hosts), 401 (a token is needed, or is wrong), 403
/// (not from here), 421 (not under this name) or 503 (the token file cannot be read: nobody is let
/// in by that).
struct AccessRefusal {
  int status = 403;
  std::string code;     ///< for machines, snake_case
  std::string message;  ///< what it means and what to do
  std::chrono::seconds retry_after{0};
};

/// Nothing: the request may be answered. A page that the user's browser shows is no friend of the
/// user: it can send requests to loopback, under names of its own (DNS rebinding) and with forms,
/// but not with another Host, Origin or Authorization. Tokens are compared in constant time. A pure
/// function, any thread.
std::optional<AccessRefusal> refuse_access(const RequestFacts& request, const AccessRules& rules);

}  // namespace sessync::serve
