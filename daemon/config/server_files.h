#pragma once

#include "daemon/config/options.h"

namespace sessync::config {

/// Warns of files of the status server that others may read or change, and of tokens that cannot be
/// read yet. None of that keeps the daemon from starting: tokens are read when a request needs one.
void warn_of_server_files(const Options& options);

}  // namespace sessync::config
