#include "daemon/serve/page/time.h"

#include "daemon/status/words.h"
#include "reconciler/observe/server_time.h"

namespace sessync::page {

void write_time(Html& out, TimePoint at, TimePoint now) {
  const auto exact = timestamp_in_seconds(at);
  out.element("time", {{"datetime", exact}, {"title", exact}}, words::relative(at, now));
}

}  // namespace sessync::page
