#include "tests/double/model/faults.h"

namespace sessync {

namespace {

double next_unit(std::uint64_t& state) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return static_cast<double>(state >> 11U) / 9007199254740992.0;
}

}  // namespace

Fault Fault::of_status(int status) {
  Fault fault;
  fault.status = status;
  return fault;
}

Fault Fault::rate_limited(ports::Duration retry_after) {
  Fault fault = of_status(429);
  fault.headers["retry-after-ms"] = std::to_string(retry_after.count());
  return fault;
}

Fault Fault::of(Kind kind) {
  Fault fault;
  fault.kind = kind;
  return fault;
}

void FaultTable::add(const FaultRule& rule) {
  State state;
  state.rule = rule;
  state.random = rule.seed * 0x9E3779B97F4A7C15ULL + 1;
  rules_.push_back(state);
}

bool FaultTable::hits(State& state) {
  ++state.seen;
  const FaultRule& rule = state.rule;
  // Drawn for every call, so that whether one is hit does not depend on other conditions.
  const bool drawn = rule.probability >= 1 || next_unit(state.random) < rule.probability;
  const bool spent = rule.times != 0 && state.fired >= rule.times;
  return drawn && !spent && (rule.nth == 0 || state.seen == rule.nth) &&
         (rule.every == 0 || state.seen % rule.every == 0);
}

std::optional<Fault> FaultTable::next(Operation operation, const std::string& session_id) {
  std::optional<Fault> fault;
  for (State& state : rules_) {
    const FaultRule& rule = state.rule;
    const bool matches = (rule.operation == Operation::kAny || rule.operation == operation) &&
                         (!rule.writes_only || is_write(operation)) &&
                         (rule.session_id.empty() || rule.session_id == session_id);
    if (matches && hits(state) && !fault) {
      fault = rule.fault;
      ++state.fired;
      ++fired_;
    }
  }
  return fault;
}

std::string usual_error_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 409:
      return "conflict_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 504:
      return "timeout_error";
    case 529:
      return "overloaded_error";
    default:
      return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

}  // namespace sessync
