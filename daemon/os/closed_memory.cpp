#include "daemon/os/closed_memory.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace sessync::os {

void close_memory() {
  // Neither can fail for a process that only takes from itself.
  const rlimit none{0, 0};
  static_cast<void>(::setrlimit(RLIMIT_CORE, &none));
  static_cast<void>(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

}  // namespace sessync::os
