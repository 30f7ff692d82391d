#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/errors/session_error.h"
#include "reconciler/ports/ports.h"
#include "reconciler/ports/session_api.h"

namespace sessync::observe {

/// A session as the API answers it.
struct FetchedSession {
  std::optional<ports::SessionInfo> info;  ///< nothing: it was not asked for
  std::vector<ports::ResourceRow> rows;    ///< all of them, as the API lists them
};

/// Asks for the session's list, and beside it for the session itself if `refresh` says so and it is
/// not `known` already, at once. An archived session is a failure, because nothing in it can be
/// changed; so is one that does not exist, and a list that does not come. Pumps the loop.
tl::expected<FetchedSession, errors::SessionFailure> fetch_session(
    const std::string& session_id, std::optional<ports::SessionInfo> known, bool refresh,
    ports::Ports& ports);

}  // namespace sessync::observe
