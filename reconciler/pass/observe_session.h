#pragma once

#include <memory>
#include <optional>
#include <string>

#include "reconciler/desired/desired.h"
#include "reconciler/observe/observed.h"
#include "reconciler/pass/pass.h"
#include "reconciler/ports/ports.h"
#include "reconciler/ports/session_api.h"
#include "reconciler/ports/state_store.h"

namespace sessync::pass {

/// Whether what a pass has seen is on disk. Copies share that. Not synchronised.
class Recording {
 public:
  using Durable = tl::expected<ports::Done, ports::StoreError>;

  /// Nothing had to be recorded.
  Recording() = default;
  /// Commits `changes`.
  Recording(std::vector<ports::Change> changes, ports::StateStore& store);

  /// Waits until it is known; what went wrong, or "stopped".
  [[nodiscard]] tl::expected<ports::Done, std::string> wait(ports::Loop& loop) const;

 private:
  std::shared_ptr<std::optional<Durable>> durable_;
};

/// A session as a pass sees it: the API's answers, what was remembered, and what both mean
/// together.
struct SessionView {
  std::string session_id;                  ///< "": it is still to be created
  std::optional<ports::SessionInfo> info;  ///< read in this pass; nothing: only its list was
  ports::Inventory inventory;    ///< with what was learned in this pass, unless it is a dry run
  observe::ObservedState state;  ///< empty if it does not exist
  Recording recording;           ///< of what was learned

  [[nodiscard]] bool exists() const { return !session_id.empty(); }
};

/// Finds the session, lists what is in it, and says whose each row is. What was learned is
/// recorded, unless it is a dry run. Nothing: `out` says why nothing can be planned: out.error, or
/// an entry of out.plan.pending while a create is in doubt.
///
/// One call for a session of which nothing but files is declared: its list. The session itself is
/// read as well if `in.refresh` says so, if something that only it shows is declared, or once in
/// kRefreshInterval. Pumps the loop.
std::optional<SessionView> observe_session(const PassInput& in,
                                           const desired::DesiredState& desired,
                                           ports::Ports& ports, PassOutcome& out);

}  // namespace sessync::pass
