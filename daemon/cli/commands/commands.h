#pragma once

#include "daemon/config/settings.h"

namespace sessync {

/// Each carries out one command and returns the exit code of the process.
int validate_command(const Settings& settings);
int plan_command(const Settings& settings);
int apply_command(const Settings& settings);
int run_command(const Settings& settings);
int import_command(const Settings& settings);
int pull_command(const Settings& settings);
int gc_command(const Settings& settings);
int status_command(const Settings& settings);
int reconcile_command(const Settings& settings);
int suspend_command(const Settings& settings);
int resume_command(const Settings& settings);
/// One name a line, of the sessions that the manifest declares as far as it is good; never fails.
int session_names_command(const Settings& settings);

}  // namespace sessync
