#pragma once

#include <string>
#include <vector>

#include "manifest/spec.h"
#include "reconciler/ports/ports.h"

namespace sessync {

/// Notes which sessions of the store `declared`, which is all of the manifest, names no more, and
/// forgets those that left kMemoryLife ago. Deletes nothing anywhere else: they were let go.
void forget_left_sessions(const std::string& owner, const std::vector<SessionSpec>& declared,
                          Ports& ports);

}  // namespace sessync
