#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sessync::watch {

/// Called for each name that is looked up to resolve a path, before it is looked up: in
/// `directory`, which is real (no symlink in it). `is_last`: nothing is below it on the path.
using OnLookup =
    std::function<void(const std::string& directory, const std::string& name, bool is_last)>;

/// The real path that absolute `path` leads to; nothing if something on the way is missing or
/// loops. A change of where it leads is a change of one of the names looked up.
std::optional<std::string> resolve_chain(std::string_view path, const OnLookup& on_lookup);

}  // namespace sessync::watch
