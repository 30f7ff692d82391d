#pragma once

#include <deque>
#include <string>
#include <vector>

#include "daemon/state/memory_mirror.h"
#include "reconciler/ports/state_store.h"
#include "tests/double/memory/test_loop.h"

namespace sessync {

/// The store without a disk. What changes mean is the daemon's own mirror's part; commits become
/// durable in the order of their submission, each in a turn of the loop.
class MemoryStateStore : public ports::StateStore {
 public:
  explicit MemoryStateStore(TestLoop& loop) : loop_(loop) {}

  ports::Inventory load(const std::string& session_id) override {
    return visible_.load(session_id);
  }
  std::optional<ports::Upload> find_upload(const std::string& owner,
                                           const std::string& sha256) override {
    return visible_.find_upload(owner, sha256);
  }
  std::vector<ports::Upload> uploads(const std::string& owner) override {
    return visible_.uploads(owner);
  }
  std::optional<ports::CreationRecord> find_creation(const std::string& owner,
                                                     const std::string& name) override {
    return visible_.find_creation(owner, name);
  }
  std::vector<std::string> sessions() override { return visible_.sessions(); }
  std::vector<ports::CreationRecord> creations() override { return visible_.creations(); }
  void commit(std::vector<ports::Change> changes,
              std::function<void(tl::expected<ports::Done, ports::StoreError>)> durable) override;

  /// The process dies: what was not durable is gone. Call it beside TestLoop::crash.
  void crash();
  /// The state directory is lost.
  void wipe();
  /// The next `count` commits fail when they would become durable, and have no effect.
  void fail_next(int count) { failures_ = count; }
  [[nodiscard]] std::size_t commits() const { return submitted_; }

 private:
  struct Pending {
    std::size_t number = 0;
    bool fails = false;
    std::vector<ports::Change> changes;
  };

  void make_durable_up_to(std::size_t number);
  void forget_commit(std::size_t number);

  TestLoop& loop_;
  state::MemoryMirror visible_;
  state::MemoryMirror durable_;
  std::deque<Pending> pending_;
  std::size_t submitted_ = 0;
  int failures_ = 0;
};

}  // namespace sessync
