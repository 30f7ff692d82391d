#include "reconciler/gc/expire_uploads.h"

#include <vector>

#include "reconciler/limits.h"
#include "reconciler/ports/session_api.h"
#include "reconciler/ports/state_store.h"

namespace sessync {
namespace {

/// Deletes the uploads it is given and counts.
class Collector {
 public:
  explicit Collector(Ports& ports) : ports_(ports) {}

  void collect(const Upload& upload) {
    ++open_;
    ports_.api.delete_file(upload.file_id, [this, upload](const Result<Done>& deleted) {
      --open_;
      if (deleted || deleted.error().kind == ApiError::Kind::kNotFound) {
        forget(upload);
      }
    });
  }

  std::size_t finish() {
    while (open_ > 0 && ports_.loop.run_one()) {
    }
    return gone_;
  }

 private:
  void forget(const Upload& upload) {
    ++gone_;
    ports_.store.commit({change::DropUpload{upload.owner, upload.file_id}},
                        [](const tl::expected<Done, StoreError>&) {});
  }

  Ports& ports_;
  std::size_t open_ = 0;
  std::size_t gone_ = 0;
};

}  // namespace

std::size_t collect_uploads(const std::string& owner, Ports& ports) {
  Collector collector(ports);
  const auto now = ports.loop.now();
  for (const auto& upload : ports.store.uploads(owner)) {
    if (now - upload.needed_at >= kUploadLife && !ports.loop.stopping()) {
      collector.collect(upload);
    }
  }
  return collector.finish();
}

}  // namespace sessync
