#pragma once

#include "daemon/config/settings.h"

namespace sessync::cli {

/// Each carries out one command and returns the exit code of the process.
int validate_command(const config::Settings& settings);
int plan_command(const config::Settings& settings);
int apply_command(const config::Settings& settings);
int run_command(const config::Settings& settings);
int import_command(const config::Settings& settings);
int pull_command(const config::Settings& settings);
int gc_command(const config::Settings& settings);
int status_command(const config::Settings& settings);
int reconcile_command(const config::Settings& settings);
int suspend_command(const config::Settings& settings);
int resume_command(const config::Settings& settings);
/// One name a line, of the sessions that the manifest declares as far as it is good; never fails.
int session_names_command(const config::Settings& settings);

}  // namespace sessync::cli
