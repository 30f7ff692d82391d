#include "reconciler/apply_run.h"

#include <utility>

#include "reconciler/marker.h"
#include "reconciler/pass_observer.h"

namespace sessync {

void ApplyRun::open(const MountPath& path) const {
  if (ports.observer != nullptr) {
    ports.observer->opened(path);
  }
}

void ApplyRun::close(const MountPath& path) const {
  if (ports.observer != nullptr) {
    ports.observer->closed(path);
  }
}

void ApplyRun::halt(std::string code, std::string message) {
  halted = true;
  if (!report.error) {
    report.error = SessionError{std::move(code), std::move(message)};
  }
}

void ApplyRun::look(std::function<void(const Result<SessionInfo>&)> then) {
  if (looked_) {
    return then(*looked_);
  }
  waiting_looks_.push_back(std::move(then));
  if (waiting_looks_.size() > 1) {
    return;
  }
  ports.api.get_session(in.session_id, [this](Result<SessionInfo> info) {
    looked_ = std::move(info);
    if (looked_->has_value()) {
      record({change::SetLookedAt{in.session_id, ports.loop.now()}});
    }
    for (auto& waiting : std::exchange(waiting_looks_, {})) {
      waiting(*looked_);
    }
  });
}

void ApplyRun::record(std::vector<Change> changes) {
  ports.store.commit(std::move(changes), [](const tl::expected<Done, StoreError>&) {});
}

void ApplyRun::enter_replace_gate(std::function<void(bool)> go) {
  switch (gate_) {
    case Gate::kFree:
      gate_ = Gate::kCanary;
      return go(true);
    case Gate::kCanary:
      waiting_replaces_.push_back(std::move(go));
      return;
    case Gate::kOpen:
      return go(true);
    case Gate::kShut:
      return go(false);
  }
}

void ApplyRun::leave_replace_gate(bool add_accepted) {
  if (gate_ != Gate::kCanary) {
    return;
  }
  gate_ = add_accepted ? Gate::kOpen : Gate::kShut;
  for (auto& go : std::exchange(waiting_replaces_, {})) {
    go(add_accepted);
  }
}

UploadRequest upload_request(const std::string& owner, const DesiredFile& wanted,
                             const ContentRef& content) {
  const auto& path = content.archive == nullptr ? content.path : wanted.mount_text;
  const auto basename = path.substr(path.rfind('/') + 1);
  return {owner, encode_marker(owner, content.sha256, basename), content};
}

}  // namespace sessync
