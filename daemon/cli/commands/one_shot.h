#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/app/services.h"
#include "daemon/cli/output/report.h"
#include "daemon/config/settings.h"

namespace sessync::cli {

/// What a command works on.
struct OneShot {
  std::string owner;
  std::vector<manifest::SessionSpec> sessions;  ///< those that the options select, by name
  std::vector<manifest::SessionSpec> declared;  ///< all of the manifest
  std::unique_ptr<app::Services> services;
};

/// Reads the manifest, selects the sessions, opens the services. What is wrong is told as refuse()
/// does it; the error is the exit code. `progress`, if there is one, is told how far the work is.
tl::expected<OneShot, int> prepare(const config::Settings& settings, app::Services::State state,
                                   app::Progress* progress = nullptr);

/// Calls `work` for every session, at most `workers` at once; the reports in the order of names.
std::vector<SessionReport> for_each_session(
    const std::vector<manifest::SessionSpec>& sessions, int workers,
    const std::function<pass::PassOutcome(const manifest::SessionSpec&)>& work);

/// Calls `work` with every number below `count`, at most `workers` at once.
void in_parallel(std::size_t count, int workers, const std::function<void(std::size_t)>& work);

}  // namespace sessync::cli
