#pragma once

#include <string>

namespace sessync::manifest {

/// "session_x" and "sesn_x" name one session to the API: `id`, or a pattern of ids, in one form.
std::string comparable_session_id(const std::string& id);

/// GitHub does not tell owners and names by case: `url`, or a pattern of URLs, in one form.
std::string comparable_url(const std::string& url);

}  // namespace sessync::manifest
