#pragma once

#include <functional>

#include <sys/types.h>

namespace sessync::secrets {

/// Calls `start`, which returns a child's process id, or nothing (below 1) if there is none. The
/// child is left to whoever waits for it, until forget_child() is called.
pid_t start_child(const std::function<pid_t()>& start);
void forget_child(pid_t child);

/// Reaps every other child that has ended: the first process of a container inherits what commands
/// leave behind, and nobody but it can bury that. Any thread.
void reap_orphans();

}  // namespace sessync::secrets
