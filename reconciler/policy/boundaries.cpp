#include "reconciler/policy/boundaries.h"

#include <utility>

namespace sessync::policy {

Boundaries draw(const Given& given, const Boundaries& before) {
  Boundaries now{.isolate = given.isolate};
  if (!given.policy) return now;
  auto file = manifest::load_policy(*given.policy);
  now.has_policy = true;
  now.path = given.policy->path;
  now.policy = file.valid() ? std::optional(std::move(file.policy)) : before.policy;
  now.problems = std::move(file.problems);
  return now;
}

}  // namespace sessync::policy
