#include "reconciler/plan/plan.h"

#include <algorithm>

namespace sessync {

bool Plan::changes_nothing() const {
  return session.kind == SessionChange::Kind::kNone &&
         std::ranges::all_of(actions, [](const Action& action) {
           const auto* rotate = std::get_if<Rotate>(&action);
           return rotate != nullptr && rotate->rotation.lacks_fingerprint;
         });
}

}  // namespace sessync
