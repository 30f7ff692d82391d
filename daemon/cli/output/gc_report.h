#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/cli/output/command_error.h"
#include "reconciler/gc/gc.h"

namespace sessync::cli {

/// What `gc` found, and what became of it.
struct GcReport {
  gc::GarbageFound found;
  bool deletes = false;                      ///< --yes was given
  std::vector<gc::GarbageDeletion> uploads;  ///< one per upload found; empty without --yes
  std::vector<gc::GarbageDeletion> copies;
};

/// A line per file, then what could not be decided, then the totals.
std::string gc_text(const GcReport& report);

/// The document of `gc -o json`; `error` is why it is empty.
std::string gc_document(const GcReport& report,
                        const std::optional<CommandError>& error = std::nullopt);

/// 5 if the key was refused, 1 if anything could not be listed, read or deleted, else 0.
int gc_exit_code(const GcReport& report);

}  // namespace sessync::cli
