#include "daemon/outputs/output_destinations.h"

#include "daemon/os/path_text.h"
#include "daemon/outputs/disk_output_directory.h"
#include "daemon/outputs/output_conflict.h"

namespace sessync {

void OutputDestinations::declare(const std::vector<SessionSpec>& sessions) {
  auto sources = sources_of(sessions);
  const std::lock_guard lock(mutex_);
  sources_ = std::move(sources);
}

tl::expected<std::unique_ptr<OutputDirectory>, std::string> OutputDestinations::open(
    const SessionSpec& session) {
  const auto path = join_path(places_.outputs_dir, session.outputs->destination);
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
  return std::make_unique<DiskOutputDirectory>(places_.outputs_dir, session.outputs->destination);
}

}  // namespace sessync
