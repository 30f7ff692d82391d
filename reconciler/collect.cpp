#include "reconciler/collect.h"

#include <vector>

namespace sessync {

std::size_t collect_uploads(const std::string& owner, Ports& ports) {
  const auto now = ports.loop.now();
  std::size_t open = 0;
  std::size_t gone = 0;
  for (const auto& upload : ports.store.uploads(owner)) {
    if (now - upload.needed_at < kUploadLife || ports.loop.stopping()) {
      continue;
    }
    ++open;
    ports.api.delete_file(upload.file_id, [&, upload](const Result<Done>& deleted) {
      --open;
      if (deleted || deleted.error().kind == ApiError::Kind::kNotFound) {
        ++gone;
        ports.store.commit({change::DropUpload{upload.owner, upload.file_id}},
                           [](const tl::expected<Done, StoreError>&) {});
      }
    });
  }
  while (open > 0 && ports.loop.run_one()) {
  }
  return gone;
}

}  // namespace sessync
