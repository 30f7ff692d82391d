#include "daemon/state/sqlite_state_store.h"

#include <memory>
#include <utility>

namespace sessync {

Inventory SqliteStateStore::load(const std::string& session_id) {
  return database_.load(session_id);
}

std::optional<Upload> SqliteStateStore::find_upload(const std::string& owner,
                                                    const std::string& sha256) {
  return database_.find_upload(owner, sha256);
}

std::vector<Upload> SqliteStateStore::uploads(const std::string& owner) {
  return database_.uploads(owner);
}

std::optional<CreationRecord> SqliteStateStore::find_creation(const std::string& owner,
                                                              const std::string& name) {
  return database_.find_creation(owner, name);
}

std::vector<std::string> SqliteStateStore::sessions() { return database_.sessions(); }

std::vector<CreationRecord> SqliteStateStore::creations() { return database_.creations(); }

void SqliteStateStore::commit(std::vector<Change> changes,
                              std::function<void(tl::expected<Done, StoreError>)> durable) {
  const auto delivery = std::make_shared<Delivery>(loop_, [durable] {
    durable(tl::unexpected(StoreError{"an error inside of sessync, whose log says more"}));
  });
  database_.commit(std::move(changes), [delivery, durable = std::move(durable)](
                                           const tl::expected<Done, StoreError>& outcome) {
    delivery->post([durable, outcome] { durable(outcome); });
  });
}

}  // namespace sessync
