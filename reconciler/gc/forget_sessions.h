#pragma once

#include <string>
#include <vector>

#include "manifest/spec.h"
#include "reconciler/ports/ports.h"

namespace sessync::gc {

/// Notes which sessions of the store `declared`, which is all of the manifest, names no more, and
/// forgets those that left kInventoryLife ago. Deletes nothing anywhere else: they were let go.
///
/// Sessions of a file that has errors now count in its last good version: they have not left. A
/// create in doubt is kept as long, so that a session that it made is still found. Commits without
/// waiting: what is lost is forgotten the next time.
void forget_left_sessions(const std::string& owner,
                          const std::vector<manifest::SessionSpec>& declared, ports::Ports& ports);

}  // namespace sessync::gc
