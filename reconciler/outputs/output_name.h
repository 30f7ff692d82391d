#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/ports/session_api.h"

namespace sessync::outputs {

/// The local name of an output that the API calls `filename` (any bytes; an agent chose them): one
/// path component, never empty, at most 255 bytes of UTF-8, visible (no leading dot), safe to print
/// and to give to a shell or to another operating system. Characters that are not become "_"; a
/// name that is too long loses its middle, not its extension. Deterministic.
std::string clean_output_name(std::string_view filename, std::string_view file_id);

/// The name of an output whose own name (cleaned) belongs to a newer one: `name~<file id>`, at most
/// 255 bytes as well. No two outputs have the same.
std::string older_output_name(std::string_view name, std::string_view file_id);

/// By file id, the name of each of `outputs`, no two alike: of several with one cleaned name the
/// newest by created_at has it, and the others get older_output_name(). Deterministic.
std::map<std::string, std::string> output_names(const std::vector<ports::FileMetadata>& outputs);

}  // namespace sessync::outputs
