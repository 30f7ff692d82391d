#include "daemon/state/sqlite_state_store.h"

#include <memory>
#include <utility>

namespace sessync::state {

ports::Inventory SqliteStateStore::load(const std::string& session_id) {
  return database_.load(session_id);
}

std::optional<ports::Upload> SqliteStateStore::find_upload(const std::string& owner,
                                                           const std::string& sha256) {
  return database_.find_upload(owner, sha256);
}

std::vector<ports::Upload> SqliteStateStore::uploads(const std::string& owner) {
  return database_.uploads(owner);
}

std::optional<ports::CreationRecord> SqliteStateStore::find_creation(const std::string& owner,
                                                                     const std::string& name) {
  return database_.find_creation(owner, name);
}

std::vector<std::string> SqliteStateStore::sessions() { return database_.sessions(); }

std::vector<ports::CreationRecord> SqliteStateStore::creations() { return database_.creations(); }

void SqliteStateStore::commit(
    std::vector<ports::Change> changes,
    std::function<void(tl::expected<ports::Done, ports::StoreError>)> durable) {
  const auto delivery = std::make_shared<os::Delivery>(loop_, [durable] {
    durable(tl::unexpected(ports::StoreError{"an error inside of sessync, whose log says more"}));
  });
  loop_.put_off([&database = database_](bool alone) {
    alone ? database.write_here() : database.hand_over();
  });
  database_.commit(
      std::move(changes),
      [delivery,
       durable = std::move(durable)](const tl::expected<ports::Done, ports::StoreError>& outcome) {
        delivery->post([durable, outcome] { durable(outcome); });
      },
      StateDatabase::Begin::kSoon);
}

}  // namespace sessync::state
