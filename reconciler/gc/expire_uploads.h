#pragma once

#include <cstddef>
#include <string>

#include "reconciler/ports/ports.h"

namespace sessync {

/// Deletes the uploads recorded in the store that nothing has needed for kUploadLife, and forgets
/// them. Uploads that the store does not know are left alone. Returns how many are gone.
std::size_t collect_uploads(const std::string& owner, Ports& ports);

}  // namespace sessync
