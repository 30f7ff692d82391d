#include "reconciler/observe/find_session.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "reconciler/ports/state_store.h"

namespace sessync::observe {
namespace {

const char* const kArchivedAdvice =
    "write recreate: true to have a new one made, or remove it from the manifest";

class Locator {
 public:
  Locator(const LocateInput& in, ports::Ports& ports)
      : in_(in), ports_(ports), record_(ports.store.find_creation(in.owner, in.spec.name)) {}

  Located run() {
    const bool known = record_ && !record_->session_id.empty();
    if (!known || !settled_by_id()) {
      search();
    }
    return std::move(out_);
  }

 private:
  /// False: the remembered session is gone, and a new one may take its place.
  bool settled_by_id() {
    const auto& id = record_->session_id;
    auto info = ports::await<ports::SessionInfo>(
        ports_.loop, [&](auto done) { ports_.api.get_session(id, std::move(done)); });
    if (info && !info->archived_at) {
      out_.info = std::move(*info);
      return true;
    }
    if (info) {
      return in_.spec.recreate
                 ? false
                 : fail(errors::archived_failure(id, *info->archived_at, kArchivedAdvice));
    }
    return is_surely_deleted(info.error()) ? false : fail(gone(info.error()));
  }

  /// A 404 is also what another key or workspace answers.
  [[nodiscard]] bool is_surely_deleted(const ports::ApiError& error) const {
    return error.kind == ports::ApiError::Kind::kNotFound && in_.spec.recreate &&
           !record_->organization_id.empty() && error.organization_id == record_->organization_id;
  }

  [[nodiscard]] errors::SessionFailure gone(const ports::ApiError& error) const {
    auto failure = errors::failure_of(error, record_->session_id, "looking at the session");
    if (error.kind == ports::ApiError::Kind::kNotFound) {
      failure.error.message =
          "session " + record_->session_id +
          ", which was created for this entry, does not exist any more, or not for this key and "
          "workspace; no new one is made in its place: check the key, or write recreate: true";
    }
    return failure;
  }

  bool fail(errors::SessionFailure failure) {
    out_.failure = std::move(failure);
    return true;
  }

  void search() {
    auto sessions = ports::await<std::vector<ports::SessionInfo>>(
        ports_.loop, [&](auto done) { ports_.api.list_sessions(std::move(done)); });
    if (!sessions) {
      fail(errors::failure_of(sessions.error(), "", "looking for the session by its key"));
      if (sessions.error().kind == ports::ApiError::Kind::kNotFound) {
        out_.failure->terminal = false;
      }
      return;
    }
    const auto key = session_key(in_.owner, in_.spec.name);
    std::erase_if(*sessions, [&](const ports::SessionInfo& info) {
      const auto found = info.metadata.find(kKeyName);
      return found == info.metadata.end() || found->second != key;
    });
    std::ranges::sort(*sessions, {}, [](const ports::SessionInfo& info) {
      return std::tie(info.created_at, info.session_id);
    });
    choose(*sessions);
  }

  /// A live one wins over an archived one; of several live ones the oldest.
  void choose(const std::vector<ports::SessionInfo>& ours) {
    for (const auto& info : ours) {
      if (info.archived_at) {
        continue;
      }
      if (!out_.info) {
        out_.info = info;
      } else {
        out_.duplicates.push_back(info.session_id);
      }
    }
    if (out_.info) {
      return remember(*out_.info);
    }
    if (!ours.empty() && !in_.spec.recreate) {
      const auto& last = ours.back();
      fail(errors::archived_failure(last.session_id, *last.archived_at, kArchivedAdvice));
      return;
    }
    const bool doubtful = record_ && record_->in_doubt_since &&
                          ports_.loop.now() - *record_->in_doubt_since < in_.grace;
    out_.in_doubt = doubtful;
  }

  void remember(const ports::SessionInfo& info) {
    if (!in_.dry_run) {
      ports_.store.commit({ports::change::PutCreation{{in_.owner, in_.spec.name, info.session_id,
                                                       info.organization_id, std::nullopt}}},
                          [](const tl::expected<ports::Done, ports::StoreError>&) {});
    }
  }

  const LocateInput& in_;
  ports::Ports& ports_;
  std::optional<ports::CreationRecord> record_;
  Located out_;
};

}  // namespace

std::string session_key(const std::string& owner, const std::string& name) {
  return owner + "/" + name;
}

Located locate(const LocateInput& input, ports::Ports& ports) {
  return Locator(input, ports).run();
}

}  // namespace sessync::observe
