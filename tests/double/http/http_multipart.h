#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessync::skin {

/// A part of a multipart/form-data body (RFC 7578).
struct Part {
  std::string name;
  std::string filename;
  std::string content_type;
  std::string content;
};

/// The boundary that a Content-Type names; nothing if it is no multipart/form-data.
std::optional<std::string> boundary_of(std::string_view content_type);

/// The parts of a whole body; nothing if it is not well formed. What follows the last boundary
/// counts for nothing, a line end neither (RFC 2046, 5.1.1): some clients send one, some do not.
std::optional<std::vector<Part>> parse_multipart(std::string_view body,
                                                 const std::string& boundary);

}  // namespace sessync::skin
