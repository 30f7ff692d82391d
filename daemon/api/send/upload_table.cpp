#include "daemon/api/send/upload_table.h"

namespace sessync {

UploadTable::UploadTable(UploadHooks hooks, Start start)
    : hooks_(std::move(hooks)), start_(std::move(start)) {}

void UploadTable::ask(UploadRequest request, Origin origin, Completion<FileMetadata> done) {
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
  start_(first.request, first.origin,
         [this, key](const Result<FileMetadata>& result) { settle(key, result); });
}

std::deque<UploadTable::Asker> UploadTable::take_all(const Key& key) {
  const auto found = under_way_.find(key);
  auto askers = std::move(found->second);
  under_way_.erase(found);
  return askers;
}

void UploadTable::settle(const Key& key, const Result<FileMetadata>& result) {
  if (result && hooks_.uploaded) hooks_.uploaded(key.first, key.second, *result);
  // Stopped by us: nobody is to lead again.
  const bool last = result || result.error().kind == ApiError::Kind::kAborted;
  if (last || under_way_.at(key).size() == 1) {
    for (const Asker& asker : take_all(key)) asker.done(result);
    return;
  }
  const Asker failed = std::move(under_way_.at(key).front());
  under_way_.at(key).pop_front();
  failed.done(result);
  lead(key);
}

}  // namespace sessync
