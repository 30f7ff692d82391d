#pragma once

#include <string>

namespace sessync::tokens {

/// The form in which URLs of repositories are compared, never one to send: GitHub compares names
/// without regard to case, and a ".git" or a slash at the end says nothing. ASCII alone, as names
/// there are. Anything is accepted, because rows may have been made by other clients.
std::string normalised_url(std::string url);

}  // namespace sessync::tokens
