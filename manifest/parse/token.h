#pragma once

#include <optional>

#include "manifest/parse/fields.h"

namespace sessync::manifest {

/// Where a token comes from. A token that stands in the manifest itself is refused, and no message
/// repeats a value from here.
std::optional<TokenSpec> read_token(const Field& field, Report& report);

}  // namespace sessync::manifest
