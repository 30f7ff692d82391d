#pragma once

#include "reconciler/ports/api_error.h"
#include "reconciler/schedule/rate_budget.h"

namespace sessync::api {

struct RequestReport;

/// Is told what becomes of requests, for metrics and progress. On the API's thread, which sends
/// nothing meanwhile: none may wait. Must not throw.
class ApiObserver {
 public:
  ApiObserver() = default;
  ApiObserver(const ApiObserver&) = delete;
  ApiObserver& operator=(const ApiObserver&) = delete;
  virtual ~ApiObserver() = default;

  /// A request came to its end, answered or not.
  virtual void finished(const RequestReport& report) = 0;
  /// The API refused a call of the class by its rate: until then none is sent.
  virtual void frozen(schedule::RateClass which, ports::TimePoint until) = 0;
};

}  // namespace sessync::api
