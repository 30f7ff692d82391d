#pragma once

#include <string>
#include <utility>
#include <vector>

#include "reconciler/ports/state_store.h"

namespace sessync::simulation {

/// The store as one job has it: counts commits that have no answer yet, because a job has only
/// ended once all of its commits are answered.
class DrainedStore : public StateStore {
 public:
  explicit DrainedStore(StateStore& store) : store_(store) {}

  [[nodiscard]] bool is_drained() const { return unanswered_ == 0; }

  Inventory load(const std::string& session_id) override { return store_.load(session_id); }
  std::optional<Upload> find_upload(const std::string& owner, const std::string& sha256) override {
    return store_.find_upload(owner, sha256);
  }
  std::vector<Upload> uploads(const std::string& owner) override { return store_.uploads(owner); }
  std::optional<CreationRecord> find_creation(const std::string& owner,
                                              const std::string& name) override {
    return store_.find_creation(owner, name);
  }
  std::vector<std::string> sessions() override { return store_.sessions(); }
  std::vector<CreationRecord> creations() override { return store_.creations(); }
  void commit(std::vector<Change> changes,
              std::function<void(tl::expected<Done, StoreError>)> durable) override {
    ++unanswered_;
    store_.commit(std::move(changes),
                  [this, durable = std::move(durable)](tl::expected<Done, StoreError> answer) {
                    --unanswered_;
                    durable(std::move(answer));
                  });
  }

 private:
  StateStore& store_;
  std::size_t unanswered_ = 0;
};

}  // namespace sessync::simulation
