#pragma once

#include <optional>
#include <vector>

#include "manifest/parse/parsed_file.h"

namespace sessync::manifest {

/// What one session of a file does not get, and why.
struct Loss {
  std::optional<Problem> itself{};   ///< its name or id is not its file's
  std::optional<Problem> outputs{};  ///< nor is their destination
};

/// One file of a set on its way into force.
struct SetMember {
  ParsedFile parsed;
  bool stands = false;         ///< its new text counts, as far as it gets what it claims
  std::vector<Loss> losses{};  ///< for each session, if it stands
};

}  // namespace sessync::manifest
