#pragma once

#include <string>

#include "daemon/status/status.h"

namespace sessync {

/// The status page: one self-contained HTML document that shows `status` without any script and
/// follows the events with one. Everything that comes from files, the API or the manifest is
/// hostile, and escaped.
std::string render_page(const StatusSnapshot& status, TimePoint now);

/// The Content-Security-Policy under which that document works: nothing but its own style and
/// script, named by their digests, and requests to where it came from.
std::string page_policy();

}  // namespace sessync
