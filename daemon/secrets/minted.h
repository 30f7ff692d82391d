#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include <tl/expected.hpp>

#include "reconciler/ports/api_error.h"
#include "reconciler/ports/secret.h"

/// What asking a slow source for a token comes to.
namespace sessync::secrets {

/// `now` is the loop's, which every other time of ours is compared with; `wall` is what the rest of
/// the world goes by.
struct Clocks {
  std::function<ports::TimePoint()> now;
  std::function<ports::TimePoint()> wall;
};

struct Minted {
  ports::Secret token;
  ports::TimePoint obtained_at;              ///< by Clocks::now
  std::optional<ports::TimePoint> renew_at;  ///< nothing: the source does not say that it expires
};

struct MintFailure {
  std::string message;
  std::optional<ports::Duration> retry_after;  ///< the source asked for it
};

using MintResult = tl::expected<Minted, MintFailure>;

/// Asks the source; may block until the stop is requested.
using MintJob = std::function<MintResult(const std::stop_token& stop)>;

/// A token that was handed out just now and is to be renewed when two thirds of its life are over.
/// An error continues a sentence whose subject is the source.
tl::expected<Minted, std::string> make_minted(ports::Secret token,
                                              std::optional<ports::TimePoint> expires_at,
                                              const Clocks& clocks);

}  // namespace sessync::secrets
