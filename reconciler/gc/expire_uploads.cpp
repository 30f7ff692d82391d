#include "reconciler/gc/expire_uploads.h"

#include <vector>

#include "reconciler/limits.h"
#include "reconciler/ports/session_api.h"
#include "reconciler/ports/state_store.h"

namespace sessync::gc {
namespace {

/// Deletes the uploads it is given and counts.
class Collector {
 public:
  explicit Collector(ports::Ports& ports) : ports_(ports) {}

  void collect(const ports::Upload& upload) {
    ++open_;
    ports_.api.delete_file(
        upload.file_id, [this, upload](const ports::Result<ports::Done>& deleted) {
          --open_;
          if (deleted || deleted.error().kind == ports::ApiError::Kind::kNotFound) {
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
  void forget(const ports::Upload& upload) {
    ++gone_;
    ports_.store.commit({ports::change::DropUpload{upload.owner, upload.file_id}},
                        [](const tl::expected<ports::Done, ports::StoreError>&) {});
  }

  ports::Ports& ports_;
  std::size_t open_ = 0;
  std::size_t gone_ = 0;
};

}  // namespace

std::size_t collect_uploads(const std::string& owner, ports::Ports& ports) {
  Collector collector(ports);
  const auto now = ports.loop.now();
  for (const auto& upload : ports.store.uploads(owner)) {
    if (now - upload.needed_at >= reconciler::kUploadLife && !ports.loop.stopping()) {
      collector.collect(upload);
    }
  }
  return collector.finish();
}

}  // namespace sessync::gc
