#pragma once

#include <string>
#include <string_view>

namespace sessync::http {

/// Everything but letters, digits and "-._~" as %XX.
std::string percent_encode(std::string_view text);

/// Whether an id can be a segment of a path: "" and dots would name another resource.
bool is_path_segment(std::string_view id);

}  // namespace sessync::http
