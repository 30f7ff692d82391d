#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "daemon/secrets/job_pool.h"
#include "daemon/secrets/minted.h"

namespace sessync {

/// Tokens of slow sources, kept for as long as they are good, so that sessions share them. Those
/// who ask while a source is being asked share its answer. Safe to use from many threads.
class MintTable {
 public:
  enum class Want {
    kAny,  ///< a kept one will do
    kNew,
  };
  using Done = std::function<void(const MintResult&)>;

  explicit MintTable(std::function<TimePoint()> now);

  /// `source` names the source and its configuration. `done` runs inside this call, or on a thread
  /// of the table.
  void ask(const std::string& source, Want want, MintJob job, Done done);

  /// The source once answered with a token that expires.
  [[nodiscard]] bool mints(const std::string& source) const;

  /// What is being asked is given up; afterwards only kept tokens are handed out.
  void stop() { pool_.stop(); }

 private:
  struct Slot {
    std::optional<Minted> last;
    std::optional<MintFailure> failure;
    TimePoint failure_holds_until;
    std::vector<Done> waiting;  ///< not empty: the source is being asked
  };
  [[nodiscard]] static std::optional<MintResult> kept(const Slot& slot, Want want, TimePoint now);
  void finish(const std::string& source, const MintResult& result);
  void forget_old(TimePoint now);

  std::function<TimePoint()> now_;
  mutable std::mutex mutex_;
  std::map<std::string, Slot> slots_;
  JobPool pool_;  ///< last: its jobs use the rest
};

}  // namespace sessync
