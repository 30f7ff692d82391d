#pragma once

#include "daemon/serve/page/html.h"
#include "reconciler/ports/api_error.h"

namespace sessync::page {

/// A time as people read it ("3 min ago"), exact to the second in its title and datetime, by which
/// the script lets it grow old.
void write_time(Html& out, ports::TimePoint at, ports::TimePoint now);

}  // namespace sessync::page
