#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/apply/apply_input.h"
#include "reconciler/apply/report.h"
#include "reconciler/apply/room_gate.h"
#include "reconciler/limits.h"
#include "reconciler/ports/ports.h"
#include "reconciler/ports/state_store.h"

namespace sessync::apply {

/// What the chains of one apply share. Lives as long as the apply; not thread-safe.
class ApplyRun {
 public:
  ApplyRun(const ApplyInput& input, ports::Ports& with);
  ApplyRun(const ApplyRun&) = delete;
  ApplyRun& operator=(const ApplyRun&) = delete;
  ~ApplyRun() = default;

  const ApplyInput& in;
  ports::Ports& ports;
  ApplyReport report;                                ///< filled in by whoever learns something
  std::set<std::string> confirmed_uploads;           ///< seen to exist in this pass
  std::set<std::string> refused_content;             ///< of adds that were refused for good
  RoomGate room;                                     ///< through which every add goes
  int chains_allowed = reconciler::kParallelChains;  ///< halved by every 409
  bool halted = false;  ///< no new write: authentication, or a terminal session

  /// Asked right before anything is begun, at the moment when it is sent.
  [[nodiscard]] bool may_start() const { return !halted && !ports.loop.stopping(); }

  /// Around all writes for a path: see PassObserver.
  void open(const manifest::MountPath& path) const;
  void close(const manifest::MountPath& path) const;

  /// What the session was learned to hold is kept for later passes. Once, after the last chain.
  void finish_room();

  /// Ends every action that has not sent a write. Of several reasons the first is reported.
  void halt(errors::SessionError::Code code, std::string message);

  /// The session's status after a refused write: a refusal means something else in a session that
  /// is archived or at work. Asked once per apply, shared by all chains; `then` may run at once.
  void read_session(std::function<void(const ports::Result<ports::SessionInfo>&)> then);

  /// Commits without waiting: losing it costs a question to the API, never correctness.
  void record(std::vector<ports::Change> changes);

  /// Replaces wait until the first one's add was accepted, so that a session which refuses adds
  /// loses nothing. `go(true)`: delete now. `go(false)`: not in this pass.
  void enter_replace_gate(std::function<void(bool)> go);
  /// By the one that was let in first; the others go on, or not, inside this call.
  void leave_replace_gate(bool add_accepted);

 private:
  [[nodiscard]] RoomGate make_room_gate();
  /// Refusals about room that earlier passes left.
  void forget_cap();

  enum class Gate { kFree, kCanary, kOpen, kShut };
  Gate gate_ = Gate::kFree;
  std::vector<std::function<void(bool)>> waiting_replaces_;
  std::optional<ports::Result<ports::SessionInfo>> session_;
  std::vector<std::function<void(const ports::Result<ports::SessionInfo>&)>> waiting_readers_;
};

/// How the content of a declared file is uploaded for `owner`. The name says what kind of file it
/// is: of an archive it is that of the mounted file. Its marker is made with the newest key.
ports::UploadRequest upload_request(const std::string& owner, const desired::DesiredFile& wanted,
                                    const ports::ContentRef& content, const ports::Ports& ports);

/// The upload of this content that is remembered, if copies of it will be taken for ours: not one
/// that was named before there were keys.
std::optional<ports::Upload> find_upload(const std::string& owner, const std::string& sha256,
                                         ports::Ports& ports);

}  // namespace sessync::apply
