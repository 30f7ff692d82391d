#include "reconciler/apply/report.h"

namespace sessync::apply {

const char* to_string(ActionResult::Outcome outcome) {
  switch (outcome) {
    case ActionResult::Outcome::kDone:
      return "done";
    case ActionResult::Outcome::kFailed:
      return "failed";
    case ActionResult::Outcome::kSkipped:
      return "skipped";
  }
  return "skipped";
}

}  // namespace sessync::apply
