#pragma once

#include <string>

#include "reconciler/ports/content_source.h"

namespace sessync::workspace {

/// kSourceChanged: `path` (below the content's root) is no longer what was planned; `what` says
/// why.
ports::ApiError source_changed(const ports::ContentRef& content, const std::string& path,
                               const std::string& what);

/// source_changed of the content itself, as its readers return it.
tl::unexpected<ports::ApiError> content_changed(const ports::ContentRef& content,
                                                const std::string& what);

/// kNotStored: the archive of `content` could not be packed here. `what` says why, and ends with
/// what to do.
ports::ApiError not_packed(const ports::ContentRef& content, const std::string& what);

/// kTooLarge: packed, the archive of `content` is larger than it may be.
ports::ApiError too_large(const ports::ContentRef& content, std::uint64_t size);

/// kAborted: packing the archive of `content` was given up because the process ends.
ports::ApiError not_finished(const ports::ContentRef& content);

}  // namespace sessync::workspace
