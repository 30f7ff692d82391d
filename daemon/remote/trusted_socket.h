#pragma once

#include <string>

namespace sessync::remote {

/// Why what listens at `path`, to which `socket` is connected, need not be the daemon; "": it is.
/// Nobody but the daemon's user, and root, may be able to put a socket of his own there. As of
/// other users' files, a group may have to be let in: what belongs to root and is the daemon's by
/// its group (a volume of Kubernetes) is as good.
std::string why_untrusted(int socket, const std::string& path);

}  // namespace sessync::remote
