#pragma once

#include <string>
#include <vector>

namespace sessync::plan {

/// 12 hex digits that change when the texts, their number or their order do. The same on every
/// machine and in every version, because people carry them from a plan to an apply and the state
/// keeps them (creations that were refused, ids of held-back sets). Not cryptographic: no secret
/// may be among the texts, and equal digits are no proof.
std::string short_hash(const std::vector<std::string>& texts);

}  // namespace sessync::plan
