#include "reconciler/apply/apply_context.h"

#include <algorithm>
#include <utility>

#include "reconciler/observe/marker.h"
#include "reconciler/observe/marker_reader.h"
#include "reconciler/observe/refusals.h"
#include "reconciler/ports/pass_observer.h"

namespace sessync::apply {

void ApplyRun::open(const manifest::MountPath& path) const {
  if (ports.observer != nullptr) {
    ports.observer->opened(path);
  }
}

void ApplyRun::close(const manifest::MountPath& path) const {
  if (ports.observer != nullptr) {
    ports.observer->closed(path);
  }
}

ApplyRun::ApplyRun(const ApplyInput& input, ports::Ports& with)
    : in(input), ports(with), room(make_room_gate()), chains_allowed(input.parallel) {
  report.results.resize(input.plan.actions.size());
}

RoomGate ApplyRun::make_room_gate() {
  RoomGate::Hooks hooks;
  hooks.judged = [this](std::vector<ports::Refusal> refusals) {
    for (auto& refusal : refusals) {
      record({ports::change::PutRefusal{in.session_id, std::move(refusal)}});
    }
  };
  hooks.full = [this](ports::Refusal last) {
    last.path.clear();
    last.content.clear();
    record({ports::change::PutRefusal{in.session_id, std::move(last)}});
  };
  hooks.cap_was_wrong = [this] {
    forget_cap();
    report.pass_again = true;
  };
  const auto most = std::max(in.inventory.most_files, in.plan.rows_now);
  return {in.plan.rows_now, most, observe::learned_cap(in.inventory.refusals, most),
          std::move(hooks)};
}

void ApplyRun::forget_cap() {
  for (const auto& refusal : in.inventory.refusals) {
    if (refusal.rows > 0) {
      record({ports::change::DropRefusal{in.session_id, refusal.path, refusal.content}});
    }
  }
}

void ApplyRun::finish_room() {
  room.finish();
  if (room.most() > in.inventory.most_files) {
    record({ports::change::SetMostFiles{in.session_id, room.most()}});
  }
}

void ApplyRun::halt(errors::SessionError::Code code, std::string message) {
  halted = true;
  if (!report.error) {
    report.error = errors::SessionError{code, std::move(message)};
  }
}

void ApplyRun::read_session(std::function<void(const ports::Result<ports::SessionInfo>&)> then) {
  if (session_) {
    return then(*session_);
  }
  waiting_readers_.push_back(std::move(then));
  if (waiting_readers_.size() > 1) {
    return;
  }
  ports.api.get_session(in.session_id, [this](ports::Result<ports::SessionInfo> info) {
    session_ = std::move(info);
    if (session_->has_value()) {
      record({ports::change::SetLookedAt{in.session_id, ports.loop.now()}});
    }
    for (auto& waiting : std::exchange(waiting_readers_, {})) {
      waiting(*session_);
    }
  });
}

void ApplyRun::record(std::vector<ports::Change> changes) {
  ports.store.commit(std::move(changes),
                     [](const tl::expected<ports::Done, ports::StoreError>&) {});
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

ports::UploadRequest upload_request(const std::string& owner, const desired::DesiredFile& wanted,
                                    const ports::ContentRef& content, const ports::Ports& ports) {
  const auto& path = content.archive == nullptr ? content.path : wanted.mount_text;
  const auto basename = path.substr(path.rfind('/') + 1);
  const auto& keys = ports.markers == nullptr ? ports::MarkerKeys() : ports.markers->keys;
  return {owner, observe::encode_marker(owner, content.sha256, basename, keys), content};
}

std::optional<ports::Upload> find_upload(const std::string& owner, const std::string& sha256,
                                         ports::Ports& ports) {
  auto upload = ports.store.find_upload(owner, sha256);
  const bool usable = upload && observe::is_as_written_now(ports.markers, upload->filename);
  return usable ? std::move(upload) : std::nullopt;
}

}  // namespace sessync::apply
