#pragma once

#include <cstddef>
#include <string>

#include "reconciler/ports/ports.h"

namespace sessync::gc {

/// Deletes the uploads recorded in the store that nothing has needed for kUploadLife, and forgets
/// them. Uploads that the store does not know are left alone: `gc` finds those. Returns how many
/// are gone. One that cannot be deleted for now is tried again the next time; nothing is begun once
/// the loop is stopping. Copies in sessions do not depend on their upload (so the API behaves).
/// Pumps the loop.
std::size_t collect_uploads(const std::string& owner, ports::Ports& ports);

}  // namespace sessync::gc
