#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "daemon/os/executor.h"
#include "daemon/secrets/minted.h"

namespace sessync::secrets {

/// Tokens of slow sources, kept for as long as they are good, so that sessions share them. Those
/// who ask while a source is being asked share its answer. Safe to use from many threads.
class MintTable {
 public:
  enum class Want {
    kAny,  ///< a kept one will do
    kNew,
  };
  using Done = std::function<void(const MintResult&)>;

  explicit MintTable(std::function<ports::TimePoint()> now);

  /// `source` names the source and its configuration. `done` runs inside this call, or on a thread
  /// of the table; or, if this throws, not at all.
  void ask(const std::string& source, Want want, const MintJob& job, Done done);

  /// The source once answered with a token that expires.
  [[nodiscard]] bool mints(const std::string& source) const;

  /// What is being asked is given up; afterwards only kept tokens are handed out.
  void stop() { executor_.stop(); }

 private:
  struct Slot {
    std::optional<Minted> last;
    std::optional<MintFailure> failure;
    ports::TimePoint failure_holds_until;
    std::vector<Done> waiting;  ///< not empty: the source is being asked
  };
  [[nodiscard]] static std::optional<MintResult> kept(const Slot& slot, Want want,
                                                      ports::TimePoint now);
  void hand_over(const std::string& source, const MintJob& job);
  void finish(const std::string& source, const MintResult& result);
  static void keep(Slot& slot, const MintResult& result, ports::TimePoint now);
  void forget_old(ports::TimePoint now);

  std::function<ports::TimePoint()> now_;
  mutable std::mutex mutex_;
  std::map<std::string, Slot> slots_;
  os::Executor executor_;  ///< last: its tasks use the rest
};

}  // namespace sessync::secrets
