#include "tests/simulation/draw_fault.h"

#include <array>

#include "tests/simulation/limits.h"
namespace sessync::simulation {
namespace {

using Kind = Fault::Kind;

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
  fault.html = fault.status == 413;
  return fault;
}

Fault draw_failure(Random& random) {
  constexpr std::array kKinds{
      Kind::kStatus,    Kind::kStatus,   Kind::kStatus,      Kind::kStatusAfter,
      Kind::kCutBefore, Kind::kCutAfter, Kind::kCutAfter,    Kind::kLateEffect,
      Kind::kNotSent,   Kind::kSlow,     Kind::kEndlessBody, Kind::kTruncatedBody,
      Kind::kNotJson,   Kind::kHugeBody, Kind::kEmptyPage,   Kind::kRepeatedCursor};
  const auto kind = kKinds.at(random.below(kKinds.size()));
  auto fault = kind == Kind::kStatus ? draw_status(random) : Fault::of(kind);
  if (kind == Kind::kStatusAfter) {
    fault.status = 500;
  }
  fault.delay = Duration(random.below(kLatestEffect.count()));
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

}  // namespace sessync::simulation
