#pragma once

#include <string_view>

namespace sessync::manifest {

/// The JSON Schema (draft 2020-12) of a manifest, as a JSON document that ends in a line break: the
/// file sessync.schema.json.
std::string_view manifest_schema();

/// The same of a policy: the file policy.schema.json.
std::string_view policy_schema();

}  // namespace sessync::manifest
