#pragma once

#include <string>

#include <sys/types.h>

namespace sessync::os {

/// The user's name; "user 1000" where this machine has none. May ask the network (NSS). Any thread.
std::string user_name(uid_t uid);

}  // namespace sessync::os
