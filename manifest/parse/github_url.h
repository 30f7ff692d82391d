#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace sessync::manifest {

/// The {repo} of https://github.com/{owner}/{repo}. An error says what to change and repeats
/// nothing of the URL.
tl::expected<std::string, std::string> github_repository_name(std::string_view url);

}  // namespace sessync::manifest
