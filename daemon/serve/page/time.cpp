#include "daemon/serve/page/time.h"

#include "daemon/serve/page/words.h"

namespace sessync::page {

void write_time(Html& out, TimePoint at, TimePoint now) {
  const auto exact = timestamp(at);
  out.element("time", {{"datetime", exact}, {"title", exact}}, relative(at, now));
}

}  // namespace sessync::page
