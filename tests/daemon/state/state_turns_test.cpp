// Who writes: a worker that only waits for its own commits, else the store's thread.
#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "daemon/state/sqlite_state_store.h"
#include "tests/daemon/state/state_fixture.h"

namespace sessync {
namespace {

using Begin = state::StateDatabase::Begin;

std::size_t on_disk(const std::string& directory) {
  return state::StateDatabase::open_read_only(directory, at(0))
      .value()
      ->load(kSession)
      .tombstones.size();
}

/// A commit that nobody waits for, and who wrote it.
struct Witness {
  explicit Witness(state::StateDatabase& database, const std::string& id) {
    database.commit(
        tombstone(id), [this](const auto&) { writer.set_value(std::this_thread::get_id()); },
        Begin::kSoon);
  }
  std::promise<std::thread::id> writer;
};

struct Worker {
  explicit Worker(state::StateDatabase& database) : store(database, loop) {}
  os::CompletionQueue loop;
  state::SqliteStateStore store;
};

TEST_CASE("A worker that waits for nothing but its commit writes it, and what else waits") {
  const TempDirectory directory;
  const auto state = open_state(directory.path());
  Worker worker(*state.database);
  std::thread::id writer;
  // Whoever does not come to wait soon enough finds it written.
  for (std::size_t tries = 1; writer != std::this_thread::get_id(); ++tries) {
    REQUIRE(tries < 1000);
    Witness witness(*state.database, "beside " + std::to_string(tries));
    bool answered = false;
    worker.store.commit(tombstone("mine " + std::to_string(tries)), [&](const auto& durable) {
      CHECK(durable);
      CHECK(on_disk(directory.path()) == 2 * tries);
      answered = true;
    });
    CHECK_FALSE(answered);
    while (!answered && worker.loop.run_one()) {
    }
    CHECK(answered);
    writer = witness.writer.get_future().get();
  }
}

TEST_CASE("A worker that waits for something else too leaves its commit to the store's thread") {
  const TempDirectory directory;
  const auto state = open_state(directory.path());
  Worker worker(*state.database);
  Witness witness(*state.database, "beside");
  worker.loop.expect();
  std::thread::id answered;
  worker.store.commit(tombstone("mine"),
                      [&](const auto&) { answered = std::this_thread::get_id(); });
  REQUIRE(worker.loop.run_one());
  CHECK(answered == std::this_thread::get_id());
  CHECK(witness.writer.get_future().get() != std::this_thread::get_id());
  CHECK(on_disk(directory.path()) == 2);
  worker.loop.post([] {});
}

TEST_CASE("Nobody waits for somebody else's writing but for its own answer") {
  const TempDirectory directory;
  const auto state = open_state(directory.path());
  std::promise<void> begun;
  std::promise<void> over;
  state.database->commit(tombstone("first"), [&](const auto&) {
    begun.set_value();
    over.get_future().wait();
  });
  begun.get_future().wait();
  std::atomic<bool> durable{false};
  state.database->commit(
      tombstone("second"), [&](const auto& outcome) { durable = outcome.has_value(); },
      Begin::kSoon);
  state.database->write_here();  // or the test would hang
  CHECK_FALSE(durable);
  CHECK(state.database->load(kSession).tombstones.size() == 2);
  over.set_value();
  state.database->flush();
  CHECK(durable);
  CHECK(on_disk(directory.path()) == 2);
}

TEST_CASE("What nobody writes, or waits for, is written soon") {
  const TempDirectory directory;
  const auto state = open_state(directory.path());
  Witness witness(*state.database, "alone");
  CHECK(witness.writer.get_future().get() != std::this_thread::get_id());
  CHECK(on_disk(directory.path()) == 1);
}

TEST_CASE("What a pass that was given up has committed is written") {
  const TempDirectory directory;
  const auto state = open_state(directory.path());
  Worker worker(*state.database);
  bool answered = false;
  worker.store.commit(tombstone("mine"), [&](const auto&) { answered = true; });
  worker.loop.discard_all();
  CHECK_FALSE(answered);
  CHECK(on_disk(directory.path()) == 1);
}

constexpr int kCommits = 60;

/// On a thread of its own; every other thread waits for what it commits.
void commit_many(state::StateDatabase& database, int thread, std::atomic<int>& durable) {
  for (int i = 0; i < kCommits; ++i) {
    auto changes = tombstone(std::to_string(thread) + " " + std::to_string(i));
    if (thread % 2 == 0) {
      durable += commit(database, std::move(changes)) ? 1 : 0;
    } else {
      database.commit(
          std::move(changes), [&](const auto& outcome) { durable += outcome ? 1 : 0; },
          i % 2 == 0 ? Begin::kSoon : Begin::kNow);
    }
  }
}

TEST_CASE("Workers, and those that wait for nothing, commit at once, and all of it is kept") {
  const TempDirectory directory;
  constexpr int kThreads = 6;
  {
    const auto state = open_state(directory.path());
    std::atomic<int> durable{0};
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] { commit_many(*state.database, t, durable); });
    }
    for (auto& thread : threads) {
      thread.join();
    }
    REQUIRE(state.database->set_suspension("s", state::Suspension{"ann", at(1)}));
    state.database->flush();
    CHECK(durable == kThreads * kCommits);
  }
  const auto state = open_state(directory.path());
  CHECK(state.database->load(kSession).tombstones.size() == std::size_t{kThreads} * kCommits);
  CHECK(state.database->suspensions().contains("s"));
}

}  // namespace
}  // namespace sessync
