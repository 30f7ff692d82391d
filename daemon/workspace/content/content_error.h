#pragma once

#include <string>

#include "reconciler/ports/content_source.h"

namespace sessync {

/// kSourceChanged: `path` (below the content's root) is no longer what was planned; `what` says
/// why.
ApiError source_changed(const ContentRef& content, const std::string& path,
                        const std::string& what);

/// source_changed of the content itself, as its readers return it.
tl::unexpected<ApiError> content_changed(const ContentRef& content, const std::string& what);

/// kNotStored: the archive of `content` could not be packed here. `what` says why, and ends with
/// what to do.
ApiError not_packed(const ContentRef& content, const std::string& what);

/// kTooLarge: packed, the archive of `content` is larger than it may be.
ApiError too_large(const ContentRef& content, std::uint64_t size);

/// kAborted: packing the archive of `content` was given up because the process ends.
ApiError not_finished(const ContentRef& content);

}  // namespace sessync
