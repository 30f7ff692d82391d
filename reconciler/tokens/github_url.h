#pragma once

#include <string>

namespace sessync {

/// GitHub compares names without regard to case; a ".git" or a slash at the end says nothing.
std::string normalised_url(std::string url);

}  // namespace sessync
