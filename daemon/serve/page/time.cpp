#include "daemon/serve/page/time.h"

#include "daemon/status/words.h"

namespace sessync::page {

void write_time(Html& out, TimePoint at, TimePoint now) {
  const auto exact = words::timestamp(at);
  out.element("time", {{"datetime", exact}, {"title", exact}}, words::relative(at, now));
}

}  // namespace sessync::page
