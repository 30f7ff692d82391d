#pragma once

#include <string>
#include <vector>

#include "manifest/load.h"

namespace sessync::test {

/// The file "m.yaml" with this text.
manifest::ManifestFile load(const std::string& text);

/// The only session of a text without any problem; fails the test if it is no such text.
manifest::SessionSpec load_session(const std::string& text);

using Places = std::vector<std::string>;

/// Every problem as "line:column code", warnings with a "?" behind.
Places places(const std::vector<manifest::Problem>& problems);

/// A manifest whose only session (id "sesn_1", line 4) has `keys`, which begin in line 6 and are
/// indented by four.
std::string with_session_keys(const std::string& keys);

/// A manifest with one resource, in line 7, whose keys are indented by eight after "      - ".
std::string with_resource(const std::string& resource);

using Strings = std::vector<std::string>;

/// A file of sessions, each given as the inside of its braces.
manifest::ManifestText text(const std::string& path, const Strings& sessions,
                            const std::string& owner = "me");

/// One that is no YAML.
manifest::ManifestText bad(const std::string& path);

/// Every session in force as "file:name=id/max_files".
Strings in_force(const manifest::Manifest& manifest);

/// A text and the problems that it has.
struct FaultyText {
  std::string text;
  Places places;
};

}  // namespace sessync::test
