#pragma once

#include <string>
#include <vector>

namespace sessync::secrets {

/// Why the variable is not sent as a repository's token: it never is, or none of the patterns of
/// --allow-env names it. The end of a sentence whose subject is the variable; "" if it may be sent.
std::string variable_refusal(const std::string& name, const std::vector<std::string>& allowed);

}  // namespace sessync::secrets
