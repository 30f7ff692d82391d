#include "reconciler/plan/plan.h"

#include <algorithm>

namespace sessync::plan {

const char* to_string(const SessionChange& change) {
  if (is_none(change)) {
    return "none";
  }
  return is_create(change) ? "create" : "update";
}

bool Plan::changes_nothing() const {
  return is_none(session) && std::ranges::all_of(actions, [](const Action& action) {
           const auto* rotate = std::get_if<Rotate>(&action);
           return rotate != nullptr && rotate->rotation.lacks_fingerprint;
         });
}

}  // namespace sessync::plan
