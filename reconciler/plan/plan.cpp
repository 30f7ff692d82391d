#include "reconciler/plan/plan.h"

#include <algorithm>

namespace sessync {

const char* to_string(Action::Kind kind) {
  switch (kind) {
    case Action::Kind::kAdd:
      return "add";
    case Action::Kind::kReplace:
      return "replace";
    case Action::Kind::kRotate:
      return "rotate";
    case Action::Kind::kAdopt:
      return "adopt";
    case Action::Kind::kDelete:
      return "delete";
  }
  return "unknown";
}

bool Action::holds(const std::string& content_key) const {
  return (!digest_prefix.empty() && content_key.starts_with(digest_prefix)) ||
         (!content_key.empty() && (content_key == upload_file_id || content_key == copy_file_id));
}

bool Plan::changes_nothing() const {
  return session.kind == SessionChange::Kind::kNone &&
         std::ranges::all_of(actions, [](const Action& action) {
           return action.kind == Action::Kind::kRotate && action.rotation.lacks_fingerprint;
         });
}

}  // namespace sessync
