#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "reconciler/ports/state_store.h"
#include "tests/double/test_loop.h"

namespace sessync {

/// The store in memory. Commits become durable in the order of their submission, each in a turn of
/// the loop.
class MemoryStateStore : public StateStore {
 public:
  explicit MemoryStateStore(TestLoop& loop) : loop_(loop) {}

  SessionMemory load(const std::string& session_id) override;
  std::optional<Upload> find_upload(const std::string& owner, const std::string& sha256) override;
  std::vector<Upload> uploads(const std::string& owner) override;
  std::optional<CreationRecord> find_creation(const std::string& owner,
                                              const std::string& name) override;
  std::vector<std::string> sessions() override;
  std::vector<CreationRecord> creations() override;
  void commit(std::vector<Change> changes,
              std::function<void(tl::expected<Done, StoreError>)> durable) override;

  /// The process dies: what was not durable is gone. Call it beside TestLoop::crash.
  void crash();
  /// The state directory is lost.
  void wipe();
  /// The next `count` commits fail when they would become durable, and have no effect.
  void fail_next(int count) { failures_ = count; }
  [[nodiscard]] std::size_t commits() const { return submitted_; }

 private:
  struct Data {
    std::map<std::string, SessionMemory> sessions;
    std::map<std::pair<std::string, std::string>, Upload> uploads;            // owner, digest
    std::map<std::pair<std::string, std::string>, CreationRecord> creations;  // owner, name
  };
  struct Pending {
    std::size_t number = 0;
    bool fails = false;
    std::vector<Change> changes;
  };
  struct Applier;

  void make_durable_up_to(std::size_t number);
  void forget_commit(std::size_t number);

  TestLoop& loop_;
  Data visible_;
  Data durable_;
  std::deque<Pending> pending_;
  std::size_t submitted_ = 0;
  int failures_ = 0;
};

}  // namespace sessync
