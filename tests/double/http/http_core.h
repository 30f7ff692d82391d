#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/double/http/http_types.h"
#include "tests/double/model/call_log.h"
#include "tests/double/model/faults.h"
#include "tests/double/model/session_model.h"

namespace sessync {

/// All that a test can see and change of a double that serves HTTP.
struct DoubleWorld {
  SessionModel model;
  FaultTable faults;
  CallLog calls;  ///< `target` is method and path with query
  ports::Duration latency{0};
  ports::Duration clock_offset{0};  ///< ahead of the machine's clock
};

namespace skin {

/// One request between its headers and its answer.
struct Call {
  Route route;
  std::string request_id;
  std::optional<model::Error> refused;
  std::optional<Fault> fault;
};

ports::TimePoint wall_clock();

/// The double behind its sockets. Safe to use from many threads.
class Core {
 public:
  using Clock = std::function<ports::TimePoint()>;

  Core(std::uint64_t seed, std::string api_key, Clock clock = wall_clock)
      : api_key_(std::move(api_key)), clock_(std::move(clock)) {
    world_.model = SessionModel(seed);
  }

  /// Decides on a request by its method, path, query and headers.
  Call open(const Request& request);
  /// Carries out what was opened, with the fault that hit it, and records it. Faults of the
  /// connection itself are left to the caller.
  Reply finish(const Call& call, const Request& request);
  /// The world, with nobody else in it; its time is now.
  void with(const std::function<void(DoubleWorld&)>& use);

 private:
  struct Late {
    ports::TimePoint due;
    Route route;
    Request request;
  };

  void enter();
  Reply carry_out(const Call& call, const Request& request);
  Reply suffer(const Call& call, const Request& request);
  void note(const Call& call, const Request& request, int status);

  std::mutex mutex_;
  DoubleWorld world_;
  std::string api_key_;
  Clock clock_;
  std::uint64_t requests_ = 0;
  std::vector<Late> late_;
};

/// The control routes below /_double/, which are no part of the API.
Reply control(Core& core, const Request& request);

}  // namespace skin
}  // namespace sessync
