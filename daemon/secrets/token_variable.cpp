#include "daemon/secrets/token_variable.h"

#include <algorithm>

#include "daemon/os/environment.h"
#include "manifest/parse/reserved_variable.h"

namespace sessync::secrets {

std::string variable_refusal(const std::string& name, const std::vector<std::string>& allowed) {
  if (manifest::is_reserved_variable(name)) {
    return "is never sent to a session, because it is sessync's own or holds somebody else's "
           "credentials: put the token into a variable of another name";
  }
  const bool is_allowed = std::ranges::any_of(
      allowed, [&name](const std::string& pattern) { return os::names_variable(pattern, name); });
  return is_allowed ? ""
                    : "is not sent to a session: start sessync with --allow-env " + name +
                          " if whoever writes the manifest may use it";
}

}  // namespace sessync::secrets
