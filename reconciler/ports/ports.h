#pragma once

#include <optional>
#include <utility>

#include "reconciler/ports/api_error.h"
#include "reconciler/ports/loop.h"

namespace sessync::ports {

class OutputDirectory;
class PassObserver;
class SessionApi;
class StateStore;
class TokenSource;
struct MarkerRules;

/// What one pass needs of the world. All of it outlives the pass and is used on its thread alone.
struct Ports {
  SessionApi& api;
  StateStore& store;
  Loop& loop;
  TokenSource* tokens = nullptr;         ///< without it every token is unavailable
  OutputDirectory* outputs = nullptr;    ///< the session's destination; without it none are fetched
  PassObserver* observer = nullptr;      ///< told how far the pass is
  const MarkerRules* markers = nullptr;  ///< without it markers have no key
};

/// Submits one call and pumps the loop until its completion has run. `submit` is given the
/// completion, which refers to this call's frame: it must not be kept beyond the first time that it
/// runs. kAborted: the loop had nothing left to run, so nobody will ever answer.
///
/// The one way in which the core waits for a single call: nothing else of the pass is held up, for
/// completions of other calls run meanwhile.
template <class T, class Submit>
Result<T> await(Loop& loop, const Submit& submit) {
  std::optional<Result<T>> slot;
  submit([&slot](Result<T> result) { slot = std::move(result); });
  while (!slot) {
    if (!loop.run_one()) {
      ApiError lost;
      lost.kind = ApiError::Kind::kAborted;
      lost.message = "the call was given up before it was answered";
      return tl::unexpected(std::move(lost));
    }
  }
  return std::move(*slot);
}

}  // namespace sessync::ports
