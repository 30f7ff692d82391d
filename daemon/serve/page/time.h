#pragma once

#include "daemon/serve/page/html.h"
#include "reconciler/ports/api_error.h"

namespace sessync::page {

/// A time as people read it, exact in its title.
void write_time(Html& out, TimePoint at, TimePoint now);

}  // namespace sessync::page
