#include "manifest/schema/schema.h"

namespace sessync::manifest {

/// Made from sessync.schema.json by embed.cmake.
extern const std::string_view kManifestSchema;

std::string_view manifest_schema() { return kManifestSchema; }

}  // namespace sessync::manifest
