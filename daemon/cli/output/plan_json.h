#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/cli/output/command_error.h"
#include "manifest/spec.h"
#include "reconciler/reconcile.h"

namespace sessync::cli {

/// One session of a plan or apply document.
struct SessionReport {
  std::string name;
  pass::PassOutcome outcome;
};

/// The document of `plan -o json`; with `applied`, that of `apply -o json`. Sessions in the given
/// order; `error` is why there are none.
std::string plan_document(const std::vector<SessionReport>& reports, bool applied,
                          const std::optional<CommandError>& error = std::nullopt);

/// The problems of a manifest as `validate -o json` prints them.
std::string problems_document(const std::vector<manifest::Problem>& problems);

}  // namespace sessync::cli
