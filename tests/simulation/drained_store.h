#pragma once

#include <string>
#include <utility>
#include <vector>

#include "reconciler/ports/state_store.h"

namespace sessync::simulation {

/// The store as one job has it: counts commits that have no answer yet, because a job has only
/// ended once all of its commits are answered.
class DrainedStore : public ports::StateStore {
 public:
  explicit DrainedStore(ports::StateStore& store) : store_(store) {}

  [[nodiscard]] bool is_drained() const { return unanswered_ == 0; }

  ports::Inventory load(const std::string& session_id) override { return store_.load(session_id); }
  std::optional<ports::Upload> find_upload(const std::string& owner,
                                           const std::string& sha256) override {
    return store_.find_upload(owner, sha256);
  }
  std::vector<ports::Upload> uploads(const std::string& owner) override {
    return store_.uploads(owner);
  }
  std::optional<ports::CreationRecord> find_creation(const std::string& owner,
                                                     const std::string& name) override {
    return store_.find_creation(owner, name);
  }
  std::vector<std::string> sessions() override { return store_.sessions(); }
  std::vector<ports::CreationRecord> creations() override { return store_.creations(); }
  void commit(std::vector<ports::Change> changes,
              std::function<void(tl::expected<ports::Done, ports::StoreError>)> durable) override {
    ++unanswered_;
    store_.commit(std::move(changes), [this, durable = std::move(durable)](
                                          tl::expected<ports::Done, ports::StoreError> answer) {
      --unanswered_;
      durable(std::move(answer));
    });
  }

 private:
  ports::StateStore& store_;
  std::size_t unanswered_ = 0;
};

}  // namespace sessync::simulation
