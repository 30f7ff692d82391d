#pragma once

#include <utility>

#include "tests/double/model/faults.h"

namespace sessync {

/// Every call of this kind.
inline FaultRule on(Operation operation, Fault fault) {
  FaultRule rule;
  rule.operation = operation;
  rule.fault = std::move(fault);
  return rule;
}

/// The next call of this kind.
inline FaultRule once(Operation operation, Fault fault) {
  auto rule = on(operation, std::move(fault));
  rule.times = 1;
  return rule;
}

}  // namespace sessync
