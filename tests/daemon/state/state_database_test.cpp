#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "daemon/state/sqlite_state_store.h"
#include "tests/daemon/state/state_fixture.h"

namespace sessync {
namespace {

ports::InventoryRow row(const std::string& id) {
  return {.resource_id = id,
          .copy_file_id = "file_copy",
          .filename = "sessync.me.0123.a b.csv",
          .size = 1ULL << 40U,
          .owned = true,
          .upload_file_id = "file_up",
          .mount_path = "/mnt/session/uploads/a b.csv",
          .added_at = at(12),
          .in_doubt = true};
}

ports::Intent intent(const std::string& path) {
  return {.path = path,
          .deletes = {"sesrsc_1", "", "3:odd\n"},
          .adds_file_id = "file_up",
          .adds_filename = "name",
          .adds_size = 7,
          .previous = {{path, "file_old", "old name", 5}, {"/was here", "file_2", "", 0}},
          .in_doubt_since = {}};
}

ports::InventoryRow unknown_row(const std::string& id) {
  ports::InventoryRow unknown;
  unknown.resource_id = id;
  return unknown;
}

ports::Intent pure_delete(const std::string& path) {
  ports::Intent deletion;
  deletion.path = path;
  deletion.deletes = {"x"};
  return deletion;
}

ports::Upload upload(const std::string& sha256, const std::string& file_id,
                     ports::TimePoint confirmed) {
  return {.owner = "me",
          .sha256 = sha256,
          .file_id = file_id,
          .filename = "f",
          .size = 3,
          .confirmed_at = confirmed,
          .needed_at = at(9)};
}

std::vector<ports::Change> one_of_each() {
  return {ports::change::PutRow{kSession, row("sesrsc_b")},
          ports::change::PutRow{kSession, unknown_row("sesrsc_a")},
          ports::change::PutIntent{kSession, intent("/a")},
          ports::change::PutIntent{kSession, pure_delete("/b")},
          ports::change::PutTombstone{kSession, {"sesrsc_t", at(5)}},
          ports::change::PutRefusal{kSession, {"/r", "sha", "code", "it said \"no\"", at(6), 20}},
          ports::change::SetTakenOver{kSession, "prod"},
          ports::change::SetLookedAt{kSession, at(-8)},
          ports::change::SetMostFiles{kSession, 20},
          ports::change::PutUpload{upload("aa", "file_1", at(1))}};
}

TEST_CASE("Every kind of change survives a restart") {
  const TempDirectory directory;
  ports::Inventory before;
  {
    const auto state = open_state(directory.path());
    REQUIRE(commit(*state.database, one_of_each()));
    auto in_doubt = intent("/c");
    in_doubt.in_doubt_since = at(12);
    REQUIRE(commit(*state.database, {ports::change::PutIntent{kSession, in_doubt}}));
    before = state.database->load(kSession);
    CHECK(state.database->load(kSession).rows.at(1) == row("sesrsc_b"));
    CHECK(state.database->load(kSession).intents.at(0) == intent("/a"));
    CHECK(state.database->load("sesn_other").rows.empty());
  }
  const auto state = open_state(directory.path(), at(77));
  const auto inventory = state.database->load(kSession);
  // Whoever was about to send it may have done so until the end.
  before.intents.at(2).in_doubt_since = at(77);
  CHECK(inventory == before);
  CHECK(state.database->find_upload("me", "aa") == upload("aa", "file_1", at(1)));
  CHECK(state.database->warnings().empty());
}

TEST_CASE("What a clock recorded that was ahead counts as recorded now") {
  const TempDirectory directory;
  const auto ahead = at(9'000'000);
  {
    const auto state = open_state(directory.path());
    REQUIRE(commit(*state.database,
                   {ports::change::PutTombstone{kSession, {"sesrsc_t", ahead}},
                    ports::change::PutRefusal{kSession, {"/r", "sha", "400", "no", ahead}},
                    ports::change::SetLookedAt{kSession, ahead},
                    ports::change::PutToken{
                        kSession, {"sesrsc_r", "print", ahead, ahead + ports::Duration(40), ""}},
                    ports::change::PutUpload{upload("aa", "file_1", ahead)}}));
  }
  for (const bool reads : {true, false}) {
    const auto now = at(2'000'000);
    std::unique_ptr<state::StateDatabase> read;
    std::optional<OpenState> opened;
    if (reads) {
      read = state::StateDatabase::open_read_only(directory.path(), now).value();
    } else {
      opened = open_state(directory.path(), now);
    }
    const auto& database = reads ? *read : *opened->database;
    const auto inventory = database.load(kSession);
    CHECK(inventory.tombstones.at(0).deleted_at == now);
    CHECK(inventory.refusals.at(0).at == now);
    CHECK(inventory.looked_at == now);
    CHECK(inventory.tokens.at(0).sent_at == now);
    CHECK(inventory.tokens.at(0).renew_at == now + ports::Duration(40));
    CHECK(database.find_upload("me", "aa")->confirmed_at == now);
  }
}

TEST_CASE("A session that is dropped leaves nothing, on disk either") {
  const TempDirectory directory;
  {
    const auto state = open_state(directory.path());
    auto changes = one_of_each();
    changes.emplace_back(ports::change::PutOutput{kSession, {"file_o", "o", 1, at(3)}});
    changes.emplace_back(ports::change::PutToken{kSession, {"sesrsc_r", "print", at(1), {}, ""}});
    changes.emplace_back(ports::change::SetStatus{kSession, {"idle", at(4)}});
    changes.emplace_back(ports::change::SetLeft{kSession, at(5)});
    changes.emplace_back(ports::change::SetLeft{"sesn_other", at(6)});
    REQUIRE(commit(*state.database, changes));
    CHECK(state.database->load(kSession).left_at == at(5));
    REQUIRE(commit(*state.database, {ports::change::DropSession{kSession}}));
  }
  const auto state = open_state(directory.path());
  CHECK(state.database->load(kSession) == ports::Inventory{});
  CHECK(state.database->sessions() == std::vector<std::string>{"sesn_other"});
  CHECK(state.database->find_upload("me", "aa"));
}

TEST_CASE("Dropping each kind of change leaves nothing, on disk either") {
  const TempDirectory directory;
  {
    const auto state = open_state(directory.path());
    REQUIRE(commit(*state.database, one_of_each()));
    REQUIRE(commit(
        *state.database,
        {ports::change::DropRow{kSession, "sesrsc_a"}, ports::change::DropRow{kSession, "sesrsc_b"},
         ports::change::DropIntent{kSession, "/a"}, ports::change::DropIntent{kSession, "/b"},
         ports::change::DropTombstone{kSession, "sesrsc_t"},
         ports::change::DropRefusal{kSession, "/r"}, ports::change::DropUpload{"me", "file_1"},
         ports::change::DropRow{kSession, "was never there"}}));
  }
  const auto state = open_state(directory.path());
  ports::Inventory left;
  left.taken_over = true;
  left.owner = "prod";
  left.looked_at = at(-8);
  left.most_files = 20;
  CHECK(state.database->load(kSession) == left);
  CHECK_FALSE(state.database->find_upload("me", "aa"));
  CHECK(state.database->uploads("me").empty());
}

TEST_CASE("Of several uploads of one content the last confirmed is found, and all are listed") {
  const auto database = state::StateDatabase::in_memory();
  REQUIRE(commit(*database, {ports::change::PutUpload{upload("aa", "file_1", at(1))},
                             ports::change::PutUpload{upload("aa", "file_2", at(3))},
                             ports::change::PutUpload{upload("aa", "file_3", at(2))},
                             ports::change::PutUpload{upload("bb", "file_4", at(9))}}));
  CHECK(database->find_upload("me", "aa")->file_id == "file_2");
  CHECK(database->uploads("me").size() == 4);
  REQUIRE(commit(*database, {ports::change::DropUpload{"me", "file_2"},
                             ports::change::PutUpload{upload("bb", "file_1", at(1))}}));
  CHECK(database->find_upload("me", "aa")->file_id == "file_3");
  CHECK_FALSE(database->find_upload("you", "aa"));
}

TEST_CASE("A read sees every commit submitted before it, durable or not") {
  const TempDirectory directory;
  const auto state = open_state(directory.path());
  os::CompletionQueue loop;
  state::SqliteStateStore store(*state.database, loop);
  int answered = 0;
  constexpr int kCommits = 200;
  for (int i = 0; i < kCommits; ++i) {
    store.commit({ports::change::PutTombstone{kSession, {"r" + std::to_string(i), at(i)}}},
                 [&answered](const auto& durable) { answered += durable ? 1 : 0; });
    REQUIRE(store.load(kSession).tombstones.size() == static_cast<std::size_t>(i) + 1);
  }
  CHECK(answered == 0);  // completions come through the loop, never inside the call
  while (loop.run_one()) {
  }
  CHECK(answered == kCommits);
}

TEST_CASE("What is answered as durable is what another reader of the file finds") {
  const TempDirectory directory;
  const auto state = open_state(directory.path());
  for (int i = 0; i < 20; ++i) {
    REQUIRE(commit(*state.database,
                   {ports::change::PutTombstone{kSession, {std::to_string(i), at(i)}}}));
    const auto reader = state::StateDatabase::open_read_only(directory.path(), at(1'000'000));
    REQUIRE(reader);
    REQUIRE((*reader)->load(kSession) == state.database->load(kSession));
  }
}

TEST_CASE("Many workers commit and read at once") {
  const TempDirectory directory;
  constexpr int kWorkers = 4;
  constexpr int kCommits = 100;
  {
    const auto state = open_state(directory.path());
    std::atomic<int> wrong{0};
    std::vector<std::thread> workers;
    workers.reserve(kWorkers);
    for (int w = 0; w < kWorkers; ++w) {
      workers.emplace_back([&, session = "sesn_" + std::to_string(w)] {
        for (int i = 0; i < kCommits; ++i) {
          const std::string id = std::to_string(i);
          wrong +=
              commit(*state.database, {ports::change::PutTombstone{session, {id, at(i)}},
                                       ports::change::PutUpload{upload(id, session + id, at(i))}})
                  ? 0
                  : 1;
          wrong +=
              state.database->load(session).tombstones.size() == static_cast<std::size_t>(i) + 1
                  ? 0
                  : 1;
          wrong += state.database->find_upload("me", id) ? 0 : 1;
        }
      });
    }
    for (auto& worker : workers) {
      worker.join();
    }
    CHECK(wrong == 0);
  }
  const auto state = open_state(directory.path());
  for (int w = 0; w < kWorkers; ++w) {
    CHECK(state.database->load("sesn_" + std::to_string(w)).tombstones.size() == kCommits);
  }
  CHECK(state.database->uploads("me").size() == std::size_t{kWorkers} * kCommits);
}

TEST_CASE("A suspension outlives the daemon until it is taken back") {
  const TempDirectory directory;
  {
    const auto state = open_state(directory.path());
    REQUIRE(state.database->set_suspension("research", state::Suspension{"ada", at(4)}));
    REQUIRE(state.database->set_suspension("other", state::Suspension{"ada", at(4)}));
    REQUIRE(state.database->set_suspension("other", {}));
  }
  const auto state = open_state(directory.path());
  CHECK(state.database->suspensions() ==
        std::map<std::string, state::Suspension>{{"research", {"ada", at(4)}}});
}

TEST_CASE("Without a state directory everything works and nothing is kept") {
  const auto database = state::StateDatabase::in_memory();
  REQUIRE(commit(*database, one_of_each()));
  CHECK(database->load(kSession).rows.size() == 2);
  CHECK_FALSE(database->load(kSession).intents.at(0).in_doubt_since);
  REQUIRE(database->set_suspension("s", state::Suspension{"ada", at(4)}));
  CHECK(database->suspensions().size() == 1);
  database->save_digests({.put = {workspace::DigestEntry{}}, .removed = {}});
  database->flush();
  CHECK(database->load_digests().empty());
}

workspace::DigestEntry digest(int n) {
  workspace::DigestEntry entry{
      .path = "dir/\xff" + std::to_string(n),
      .stamp = {.device = 1, .inode = ~0ULL, .size = 2, .modified_ns = -3, .changed_ns = 4},
      .digest = {},
      .first_seen_ns = 5,
      .trusted = n % 2 == 0};
  entry.digest.fill(static_cast<unsigned char>(n));
  return entry;
}

TEST_CASE("Digests are kept, more than one transaction of them") {
  const TempDirectory directory;
  constexpr int kFiles = 5000;
  {
    const auto state = open_state(directory.path());
    workspace::DigestCache::Changes changes;
    for (int n = 0; n < kFiles; ++n) {
      changes.put.push_back(digest(n));
    }
    state.database->save_digests(changes);
    state.database->save_digests({.put = {}, .removed = {digest(0).path, "never there"}});
    state.database->flush();
    CHECK(state.database->load_digests().size() == kFiles - 1);
  }
  const auto reader = state::StateDatabase::open_read_only(directory.path(), at(0));
  const auto entries = (*reader)->load_digests();
  REQUIRE(entries.size() == kFiles - 1);
  for (int n = 1; n < kFiles; n += 777) {
    CHECK(std::find(entries.begin(), entries.end(), digest(n)) != entries.end());
  }
}

}  // namespace
}  // namespace sessync
