#pragma once

#include <string_view>

namespace sessync::workspace {

/// The claims of a JSON web token (its second part, in base64url) name a service account of
/// Kubernetes or of Google as who it is for.
bool names_service_account(std::string_view claims);

}  // namespace sessync::workspace
