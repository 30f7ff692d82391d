#pragma once

#include <string>
#include <vector>

namespace sessync {

/// 12 hex digits that change when the texts do: no secret and no proof.
std::string short_hash(const std::vector<std::string>& texts);

}  // namespace sessync
