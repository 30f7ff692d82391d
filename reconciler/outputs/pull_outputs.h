#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "manifest/spec.h"
#include "reconciler/apply/apply.h"
#include "reconciler/desired/blocked.h"
#include "reconciler/ports/inventory.h"
#include "reconciler/ports/ports.h"

namespace sessync::outputs {

/// What pull_outputs() needs beside its ports. What it refers to outlives the call.
struct OutputsInput {
  std::string session_id;
  const manifest::OutputsSpec& spec;
  const ports::Inventory& inventory;   ///< of this session
  std::optional<std::string> refusal;  ///< why the destination may not be used; nothing: it may
};

/// An output that has arrived.
struct FetchedOutput {
  std::string name;        ///< at the destination, cleaned
  std::uint64_t size = 0;  ///< bytes
  std::string file_id;
};

/// What one call came to.
struct OutputsReport {
  std::vector<FetchedOutput> fetched;  ///< in this call; sorted by name
  /// Of outputs, path "/" + name, or of those for which there is no room, "/" + destination; sorted
  /// by path.
  std::vector<desired::Blocked> blocked;
  std::vector<std::string> warnings;          ///< for operators; they change nothing
  std::optional<errors::SessionError> error;  ///< the first thing that failed
  bool again = false;  ///< something is still to be fetched, and may work later
};

/// Brings back what the session's agent wrote: every downloadable file that the spec includes, once
/// per file id and directory, within the spec's limits, to Ports::outputs. Nothing at the
/// destination is deleted or overwritten; of several outputs with one name the newest has it, and
/// what was fetched under it before is moved to its older name. What is complete is recorded in the
/// store at once, so a later call goes on from there. One that is not finished leaves nothing
/// behind. Some at once, as kDownloadsAtOnce says; pumps the loop. Without Ports::outputs nothing
/// is done. Never throws.
OutputsReport pull_outputs(const OutputsInput& input, ports::Ports& ports);

}  // namespace sessync::outputs
