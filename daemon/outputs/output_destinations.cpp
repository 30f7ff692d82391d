#include "daemon/outputs/output_destinations.h"

#include "daemon/os/path_text.h"
#include "daemon/outputs/disk_output_directory.h"
#include "daemon/outputs/output_conflict.h"

namespace sessync::disk_outputs {

void OutputDestinations::declare(const std::vector<manifest::SessionSpec>& sessions) {
  auto sources = sources_of(sessions);
  const std::lock_guard lock(mutex_);
  sources_ = std::move(sources);
}

tl::expected<std::unique_ptr<ports::OutputDirectory>, std::string> OutputDestinations::open(
    const manifest::SessionSpec& session) {
  const auto path = os::join_path(places_.outputs_dir, session.outputs->destination);
  auto sources = sources_of({session});
  {
    const std::lock_guard lock(mutex_);
    sources.insert(sources_.begin(), sources_.end());
  }
  auto conflict = output_conflict(path, places_.workspace, sources);
  if (!conflict) {
    conflict = reserved_conflict(path, places_.reserved);
  }
  if (conflict) {
    return tl::unexpected(std::move(*conflict));
  }
  return std::make_unique<DiskOutputDirectory>(places_.outputs_dir, session.outputs->destination,
                                               places_.min_free);
}

}  // namespace sessync::disk_outputs
