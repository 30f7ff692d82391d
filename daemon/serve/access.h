#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/ports/secret.h"

namespace sessync {

/// What access depends on in a request: the values of headers, each as often as it was sent.
struct RequestFacts {
  bool writes = false;
  std::vector<std::string> hosts;
  std::vector<std::string> origins;
  std::vector<std::string> authorizations;
};

struct AccessRules {
  bool loopback_listener = true;
  /// Nothing: the daemon was given no token file. Else its content, or why it cannot be read.
  std::optional<tl::expected<Secret, std::string>> token;
};

/// Why a request is not answered.
struct AccessRefusal {
  int status = 403;
  std::string code;     ///< for machines, snake_case
  std::string message;  ///< what it means and what to do
};

/// Nothing: the request may be answered. A page that the user's browser shows is no friend of the
/// user: it can send requests to loopback, under names of its own (DNS rebinding) and with forms,
/// but not with another Host, Origin or Authorization.
std::optional<AccessRefusal> refuse_access(const RequestFacts& request, const AccessRules& rules);

}  // namespace sessync
