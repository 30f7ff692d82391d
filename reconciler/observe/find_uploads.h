#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconciler/ports/ports.h"
#include "reconciler/ports/session_api.h"

namespace sessync::observe {

/// What asking for some uploads came to. An id that is in neither does not exist: that alone lets
/// an entry be blocked, or an upload be forgotten.
struct FoundUploads {
  std::map<std::string, ports::FileMetadata> files;  ///< those that exist, expired ones included
  /// Those of which the API did not say whether.
  std::map<std::string, ports::ApiError> unanswered;
};

/// Asks which of `ids` exist: many with one call, and one by one what such a call does not answer.
/// Not every server knows that call, and one that does may refuse it for the sake of one id. An
/// error: the credential was refused, which says nothing of any upload, or the loop had nothing
/// left to run. Ids may repeat. Pumps the loop.
ports::Result<FoundUploads> find_uploads(const std::vector<std::string>& ids, ports::Ports& ports);

}  // namespace sessync::observe
