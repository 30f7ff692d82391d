#include "daemon/serve/page/time.h"

#include "daemon/status/words.h"
#include "reconciler/observe/server_time.h"

namespace sessync::page {

void write_time(Html& out, ports::TimePoint at, ports::TimePoint now) {
  const auto exact = observe::timestamp_in_seconds(at);
  out.element("time", {{"datetime", exact}, {"title", exact}}, status::words::relative(at, now));
}

}  // namespace sessync::page
