#pragma once

#include <cstddef>
#include <string>

#include "reconciler/ports/ports.h"

namespace sessync {

/// How long an upload of ours is kept after the last pass that needed it. Copies in sessions do not
/// depend on their upload.
inline constexpr Duration kUploadLife = std::chrono::hours(1);

/// Deletes the uploads recorded in the store that nothing has needed for kUploadLife, and forgets
/// them. Uploads that the store does not know are left alone. Returns how many are gone.
std::size_t collect_uploads(const std::string& owner, Ports& ports);

}  // namespace sessync
