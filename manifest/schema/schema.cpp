#include "manifest/schema/schema.h"

namespace sessync::manifest {

// Made from the JSON files beside this one by embed.cmake.
extern const std::string_view kManifestSchema;
extern const std::string_view kPolicySchema;

std::string_view manifest_schema() { return kManifestSchema; }

std::string_view policy_schema() { return kPolicySchema; }

}  // namespace sessync::manifest
