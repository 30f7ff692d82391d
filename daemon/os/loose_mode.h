#pragma once

#include <string>
#include <string_view>

#include <sys/stat.h>

namespace sessync::os {

/// What is wrong with the mode of something that holds secrets, as ssh says it; "" if nothing is.
/// Nobody else may read or write what is ours. Of what belongs to another user, we may have to be
/// in the group to read it: only the bits of everybody count then. `what` is its name in a message:
/// "API key file".
std::string loose_mode(const struct stat& info, std::string_view path, std::string_view what);

/// Logs that as a warning. What is not there is not its business.
void warn_of_loose_mode(const std::string& path, std::string_view what);

}  // namespace sessync::os
