#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/os/completion_queue.h"
#include "daemon/state/state_database.h"
#include "reconciler/ports/state_store.h"

namespace sessync::state {

/// The state as one pass worker sees it: what is durable is told to the worker's own loop.
///
/// Both must outlive it, and the loop is pumped until nothing of it is under way: each commit is
/// announced to the loop (CompletionQueue::expect) and answered there exactly once, never inside
/// commit(), and also after the database has failed. A worker that would only wait for its own
/// commits writes them itself, inside run_one(), and whatever else waits to be written: no other
/// thread has to wake up for it, and wake it up. Else they are written while it goes on. Reads do
/// not wait for the disk. To be used by the worker's thread alone; many of them may stand on one
/// database.
class SqliteStateStore : public ports::StateStore {
 public:
  SqliteStateStore(StateDatabase& database, os::CompletionQueue& loop)
      : database_(database), loop_(loop) {}

  ports::Inventory load(const std::string& session_id) override;
  std::optional<ports::Upload> find_upload(const std::string& owner,
                                           const std::string& sha256) override;
  std::vector<ports::Upload> uploads(const std::string& owner) override;
  std::optional<ports::CreationRecord> find_creation(const std::string& owner,
                                                     const std::string& name) override;
  std::vector<std::string> sessions() override;
  std::vector<ports::CreationRecord> creations() override;
  void commit(std::vector<ports::Change> changes,
              std::function<void(tl::expected<ports::Done, ports::StoreError>)> durable) override;

 private:
  StateDatabase& database_;
  os::CompletionQueue& loop_;
};

}  // namespace sessync::state
