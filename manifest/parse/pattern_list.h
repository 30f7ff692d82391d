#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "manifest/parse/fields.h"
#include "manifest/pattern/pattern.h"

namespace sessync::manifest {

/// The patterns under `key`, each bad one reported where it stands; none if the key is absent.
Patterns read_patterns(const Fields& fields, std::string_view key, Report& report);

/// As `read_patterns`, with a warning if the list can select nothing at all.
Patterns read_include(const Fields& fields, Report& report);

/// The names of files or directories under `key`, each alone: neither paths nor patterns. One with
/// a character that patterns have is warned of.
std::vector<std::string> read_names(const Fields& fields, std::string_view key, Report& report);

}  // namespace sessync::manifest
