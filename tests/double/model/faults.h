#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/ports/api_error.h"
#include "tests/double/model/call_log.h"

namespace sessync {

/// One way in which a call goes wrong.
struct Fault {
  enum class Kind {
    kStatus,          ///< refused with `status`; nothing happens
    kStatusAfter,     ///< answered with `status` although the effect happened
    kCutBefore,       ///< the connection ends before the request has an effect
    kCutAfter,        ///< the effect happens, the answer is lost
    kLateEffect,      ///< the answer is lost; the effect happens `delay` later
    kNotSent,         ///< never reaches the server
    kSlow,            ///< the answer comes after `delay`
    kEndlessBody,     ///< the answer's body never ends
    kTruncatedBody,   ///< the body ends before its announced length
    kNotJson,         ///< 200 with something that is not JSON
    kHugeBody,        ///< 200 with a body far longer than any answer
    kEmptyPage,       ///< lists: an empty first page with a cursor that works
    kRepeatedCursor,  ///< lists: every page names the same cursor
  };
  Kind kind = Kind::kStatus;
  int status = 500;
  std::string error_type;  ///< "" for the usual one of the status
  std::string error_code;
  std::string message;
  std::map<std::string, std::string> headers;  ///< sent as they are: retry-after ...
  bool html = false;  ///< the body is a page of a proxy, not the API's JSON
  ports::Duration delay{0};

  static Fault of_status(int status);
  static Fault rate_limited(ports::Duration retry_after);
  static Fault of(Kind kind);
};

/// Which calls a fault hits. All conditions that are set must hold.
struct FaultRule {
  Operation operation = Operation::kAny;
  bool writes_only = false;
  std::string session_id;   ///< "" for every session
  std::uint64_t nth = 0;    ///< only the n-th matching call, counted from 1
  std::uint64_t every = 0;  ///< every k-th matching call
  double probability = 1;   ///< with a generator seeded by `seed`
  std::uint64_t seed = 1;
  std::uint64_t times = 0;  ///< at most so often; 0: no limit
  Fault fault;
};

/// The rules in force. The first rule that hits wins; every rule counts every call it matches.
class FaultTable {
 public:
  void add(const FaultRule& rule);
  void clear() { rules_.clear(); }
  std::optional<Fault> next(Operation operation, const std::string& session_id = {});
  /// How many calls were hit since the table was made.
  [[nodiscard]] std::uint64_t fired() const { return fired_; }

 private:
  struct State {
    FaultRule rule;
    std::uint64_t seen = 0;
    std::uint64_t fired = 0;
    std::uint64_t random = 0;
  };
  static bool hits(State& state);

  std::vector<State> rules_;
  std::uint64_t fired_ = 0;
};

/// error.type that the API gives a status, e.g. "overloaded_error" for 529.
std::string usual_error_type(int status);

}  // namespace sessync
