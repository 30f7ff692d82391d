#include "daemon/api/send/upload_table.h"

#include "daemon/api/send/lost_call.h"
#include "daemon/os/thread.h"

namespace sessync::api {

UploadTable::UploadTable(UploadHooks hooks, Start start)
    : hooks_(std::move(hooks)), start_(std::move(start)) {}

void UploadTable::ask(ports::UploadRequest request, Origin origin,
                      ports::Completion<ports::FileMetadata> done) {
  const Key key{request.owner, request.content.sha256};
  if (hooks_.find) {
    if (auto known = hooks_.find(key.first, key.second)) {
      done(std::move(*known));
      return;
    }
  }
  auto& askers = under_way_[key];
  askers.push_back({std::move(request), std::move(origin), std::move(done)});
  if (askers.size() == 1) lead(key);
}

void UploadTable::lead(const Key& key) {
  const Asker& first = under_way_.at(key).front();
  try {
    start_(first.request, first.origin, [this, key](ports::Result<ports::FileMetadata> result) {
      settle(key, std::move(result));
    });
  } catch (...) {
    os::log_exception("an upload");
    answer_all(key, tl::unexpected(lost_call("upload", WasSent::kNo)));
  }
}

/// A file that nobody remembers is a leftover, which is no good to those who asked for it.
void UploadTable::remember(const Key& key, ports::Result<ports::FileMetadata>& result) {
  if (!result || !hooks_.uploaded) return;
  if (!os::guarded("an upload", [&] { hooks_.uploaded(key.first, key.second, *result); })) {
    result = tl::unexpected(lost_call("upload", WasSent::kYes));
  }
}

/// Taken out first: an answer may lead to the next question.
void UploadTable::answer_all(const Key& key, const ports::Result<ports::FileMetadata>& result) {
  const auto taken = under_way_.extract(key);
  if (taken.empty()) return;
  for (const Asker& asker : taken.mapped()) {
    os::guarded("an upload", [&] { asker.done(result); });
  }
}

void UploadTable::settle(const Key& key, ports::Result<ports::FileMetadata> result) {
  remember(key, result);
  // Stopped by us: nobody is to lead again.
  const bool last = result || result.error().kind == ports::ApiError::Kind::kAborted;
  if (last || under_way_.at(key).size() == 1) return answer_all(key, result);
  const Asker failed = std::move(under_way_.at(key).front());
  under_way_.at(key).pop_front();
  os::guarded("an upload", [&] { failed.done(result); });
  lead(key);
}

}  // namespace sessync::api
