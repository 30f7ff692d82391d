#include "reconciler/observe/refusals.h"

#include <algorithm>

namespace sessync::observe {

const ports::Refusal* find_refusal(const std::vector<ports::Refusal>& refusals,
                                   const desired::DesiredFile& wanted) {
  const auto found = std::ranges::find_if(refusals, [&](const ports::Refusal& refusal) {
    return refusal.path == wanted.path.text() && refusal.content == wanted.content_key();
  });
  return found == refusals.end() ? nullptr : &*found;
}

bool is_about_room(const ports::Refusal& refusal, std::uint64_t most_files) {
  return refusal.rows > 0 && refusal.rows >= most_files;
}

std::optional<std::uint64_t> learned_cap(const std::vector<ports::Refusal>& refusals,
                                         std::uint64_t most_files) {
  std::optional<std::uint64_t> cap;
  for (const auto& refusal : refusals) {
    if (is_about_room(refusal, most_files)) {
      cap = std::min(cap.value_or(refusal.rows), refusal.rows);
    }
  }
  return cap;
}

}  // namespace sessync::observe
