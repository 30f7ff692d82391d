#include "reconciler/apply/confirm_uploads.h"

#include <algorithm>
#include <utility>

#include "reconciler/observe/find_uploads.h"
#include "reconciler/observe/server_time.h"

namespace sessync::apply {

bool is_expired(const ports::FileMetadata& file, ports::TimePoint now) {
  const auto at = file.expires_at ? observe::parse_server_time(*file.expires_at) : std::nullopt;
  return at && *at <= file.answered_at.value_or(now);
}

std::set<std::string> confirm_uploads(std::vector<ports::Upload> known, ports::Ports& ports) {
  std::set<std::string> confirmed;
  std::vector<std::string> ids;
  std::ranges::transform(known, std::back_inserter(ids), &ports::Upload::file_id);
  if (ids.empty()) {
    return confirmed;
  }
  const auto found = observe::find_uploads(ids, ports);
  if (!found) {
    return confirmed;
  }
  std::vector<ports::Change> changes;
  for (auto& upload : known) {
    if (found->unanswered.contains(upload.file_id)) {
      continue;
    }
    const auto file = found->files.find(upload.file_id);
    if (file == found->files.end() || file->second.expires_at) {
      changes.emplace_back(ports::change::DropUpload{upload.owner, upload.file_id});
    } else {
      confirmed.insert(upload.file_id);
      upload.confirmed_at = ports.loop.now();
      changes.emplace_back(ports::change::PutUpload{std::move(upload)});
    }
  }
  ports.store.commit(std::move(changes),
                     [](const tl::expected<ports::Done, ports::StoreError>&) {});
  return confirmed;
}

}  // namespace sessync::apply
