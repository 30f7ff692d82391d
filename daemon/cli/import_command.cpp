#include "daemon/cli/commands.h"
#include "daemon/cli/one_shot.h"

namespace sessync {

int import_command(const Settings& /*settings*/) {
  return refuse({exit_code::kFailed, "not there yet"});
}

}  // namespace sessync
