#include "tests/simulation/draw_fault.h"

#include <array>

#include "tests/simulation/limits.h"
namespace sessync::simulation {
namespace {

using FaultKind = Fault::Kind;

constexpr std::array kOperations{
    Operation::kAny,          Operation::kAddResource,    Operation::kAddResource,
    Operation::kUpload,       Operation::kDeleteResource, Operation::kDeleteResource,
    Operation::kGetSession,   Operation::kListResources,  Operation::kListSessionFiles,
    Operation::kGetFile,      Operation::kFindFiles,      Operation::kCreateSession,
    Operation::kListSessions, Operation::kRotateToken,    Operation::kUpdateSession,
    Operation::kGetResource,  Operation::kDeleteFile,     Operation::kListEvents,
};

constexpr std::array kStatuses{400, 401, 402, 403, 404, 409, 413, 429, 500, 502, 503, 504, 529};

Fault draw_status(Random& random) {
  auto fault = Fault::of_status(kStatuses.at(random.below(kStatuses.size())));
  if (fault.status == 429 && random.one_in(2)) {
    return Fault::rate_limited(std::chrono::seconds(1 + random.below(60)));
  }
  if (fault.status == 429 && random.one_in(2)) {  // absurd: days
    return Fault::rate_limited(std::chrono::hours(24 + random.below(500)));
  }
  fault.html = fault.status == 413;
  return fault;
}

Fault draw_failure(Random& random) {
  constexpr std::array kKinds{
      FaultKind::kStatus,        FaultKind::kStatus,      FaultKind::kStatus,
      FaultKind::kStatusAfter,   FaultKind::kCutBefore,   FaultKind::kCutAfter,
      FaultKind::kCutAfter,      FaultKind::kLateEffect,  FaultKind::kNotSent,
      FaultKind::kSlow,          FaultKind::kEndlessBody, FaultKind::kTruncatedBody,
      FaultKind::kNotJson,       FaultKind::kHugeBody,    FaultKind::kEmptyPage,
      FaultKind::kRepeatedCursor};
  const auto kind = kKinds.at(random.below(kKinds.size()));
  auto fault = kind == FaultKind::kStatus ? draw_status(random) : Fault::of(kind);
  if (kind == FaultKind::kStatusAfter) {
    fault.status = 500;
  }
  fault.delay = ports::Duration(random.below(kLatestEffect.count()));
  return fault;
}

}  // namespace

FaultRule draw_fault(Random& random) {
  FaultRule rule;
  rule.operation = kOperations.at(random.below(kOperations.size()));
  rule.probability = random.one_in(3) ? 1 : 0.1 + 0.4 * random.fraction();
  rule.seed = random.next();
  rule.times = random.one_in(2) ? 1 + random.below(4) : 0;
  rule.fault = draw_failure(random);
  // A server that says "not found" of what is there lies, and is another test's matter.
  if (rule.fault.status == 404) {
    rule.operation = Operation::kAddResource;
  }
  return rule;
}

FaultRule draw_refusal(Random& random) {
  constexpr std::array kRefusals{400, 403, 413, 422};
  FaultRule rule;
  rule.operation = Operation::kAddResource;
  rule.seed = random.next();
  rule.probability = random.one_in(2) ? 1 : 0.5;
  rule.times = 1 + random.below(4);
  rule.fault = Fault::of_status(kRefusals.at(random.below(kRefusals.size())));
  return rule;
}

}  // namespace sessync::simulation
