#include "daemon/api/send/dispatcher.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace sessync;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

struct Desk {
  explicit Desk(int parallel, const api::MaxRates& rates = {}) : dispatcher(parallel, rates) {}

  void enqueue(api::Lane lane, const std::string& name, int permits = 1) {
    dispatcher.enqueue({lane, permits, true, [this, name](bool admitted) {
                          (admitted ? sent : dropped).push_back(name);
                        }});
  }
  void enqueue_for(const std::shared_ptr<api::CallOrigin>& origin, api::Lane lane,
                   const std::string& name, bool completes = false) {
    api::Ticket ticket{
        lane, lane == api::Lane::kReservedWrites ? 0 : 1, true,
        [this, name](bool admitted) { (admitted ? sent : dropped).push_back(name); }};
    ticket.origin = origin;
    ticket.completes = completes;
    dispatcher.enqueue(std::move(ticket));
  }
  std::vector<std::string> run(ports::TimePoint now) {
    sent.clear();
    dispatcher.run(now);
    return sent;
  }

  api::Dispatcher dispatcher;
  std::vector<std::string> sent;
  std::vector<std::string> dropped;
};

struct Origin : api::CallOrigin {
  [[nodiscard]] bool stopping() const override { return is_stopping || is_ending; }
  [[nodiscard]] bool ending() const override { return is_ending; }
  bool is_stopping = false;
  bool is_ending = false;
};

using Names = std::vector<std::string>;
const ports::TimePoint kStart{seconds(1'000'000)};

}  // namespace

TEST_CASE("no more calls are under way than allowed, in order") {
  Desk desk(2);
  for (const char* const name : {"a", "b", "c"}) desk.enqueue(api::Lane::kReads, name);
  CHECK(desk.run(kStart) == Names{"a", "b"});
  CHECK(!desk.dispatcher.wake_at(kStart));
  desk.dispatcher.finished(api::Lane::kReads);
  CHECK(desk.run(kStart) == Names{"c"});
}

TEST_CASE("a call that must go again goes first") {
  Desk desk(1);
  desk.enqueue(api::Lane::kReads, "a");
  desk.dispatcher.enqueue_first(
      {api::Lane::kReads, 1, true, [&](bool) { desk.sent.emplace_back("again"); }});
  CHECK(desk.run(kStart) == Names{"again"});
}

TEST_CASE("what counts as throttled is the time in which a budget alone held calls up") {
  Desk desk(1, {.writes = 1.0, .reads = {}, .files = {}});
  for (const char* const name : {"a", "b", "c"}) desk.enqueue(api::Lane::kWrites, name);
  REQUIRE(desk.run(kStart) == Names{"a"});
  desk.run(kStart + seconds(5));  // the only connection is taken
  desk.dispatcher.finished(api::Lane::kWrites);
  REQUIRE(desk.run(kStart + seconds(5)) == Names{"b"});
  CHECK(desk.dispatcher.budget(schedule::RateClass::kWrites).take_throttled() == seconds(0));
  desk.dispatcher.finished(api::Lane::kWrites);
  REQUIRE(desk.run(kStart + seconds(5)).empty());
  REQUIRE(desk.run(kStart + seconds(6)) == Names{"c"});
  CHECK(desk.dispatcher.budget(schedule::RateClass::kWrites).take_throttled() == seconds(1));
  CHECK(desk.dispatcher.budget(schedule::RateClass::kWrites).take_throttled() == seconds(0));
}

TEST_CASE("who waits for a permit and gives up is held up no longer") {
  Desk desk(8, {.writes = 1.0, .reads = {}, .files = {}});
  for (const char* const name : {"a", "b"}) desk.enqueue(api::Lane::kWrites, name);
  REQUIRE(desk.run(kStart) == Names{"a"});
  desk.dispatcher.drop(api::Lane::kWrites);
  REQUIRE(desk.dropped == Names{"b"});
  desk.enqueue(api::Lane::kWrites, "c");
  REQUIRE(desk.run(kStart + seconds(3600)) == Names{"c"});
  CHECK(desk.dispatcher.budget(schedule::RateClass::kWrites).take_throttled() == seconds(0));
}

TEST_CASE("permits without a ticket are there for whoever overtakes nobody") {
  Desk desk(8, {.writes = 1.0, .reads = {}, .files = {}});
  auto& budget = desk.dispatcher.budget(schedule::RateClass::kWrites);
  {
    const api::SharedBudget::Arrival one(budget);
    const api::SharedBudget::Arrival two(budget);
    CHECK_FALSE(budget.take_if_nobody_waits(kStart, 1));
  }
  for (const char* const name : {"a", "b"}) desk.enqueue(api::Lane::kWrites, name);
  CHECK_FALSE(budget.take_if_nobody_waits(kStart, 1));
  REQUIRE(desk.run(kStart) == Names{"a"});
  CHECK_FALSE(budget.take_if_nobody_waits(kStart + seconds(10), 1));
  REQUIRE(desk.run(kStart + seconds(10)) == Names{"b"});
  CHECK_FALSE(budget.take_if_nobody_waits(kStart + seconds(10), 2));
  CHECK(budget.take_if_nobody_waits(kStart + seconds(11), 2));  // one of them is lent
  desk.enqueue(api::Lane::kWrites, "c");
  CHECK(desk.run(kStart + seconds(12)).empty());
  CHECK(desk.run(kStart + seconds(13)) == Names{"c"});
}

TEST_CASE("permits without a ticket overtake no one who is hurried, and obey a freeze") {
  Desk desk(8);
  auto& budget = desk.dispatcher.budget(schedule::RateClass::kWrites);
  const auto mine = std::make_shared<Origin>();
  mine->hurried = true;
  CHECK(budget.take_if_nobody_waits(kStart, 2));
  budget.refused(kStart, kStart, {seconds(60), false});
  CHECK_FALSE(budget.take_if_nobody_waits(kStart + seconds(59), 2));
  for (const char* const name : {"a", "b"}) desk.enqueue_for(mine, api::Lane::kWrites, name);
  REQUIRE(desk.run(kStart + seconds(59)) == Names{"a"});
  CHECK_FALSE(budget.take_if_nobody_waits(kStart + seconds(3600), 2));
  REQUIRE(desk.run(kStart + seconds(3600)) == Names{"b"});
  CHECK(budget.take_if_nobody_waits(kStart + seconds(7200), 2));
}

TEST_CASE("uploads and downloads together leave connections for short calls") {
  Desk desk(8);
  for (int i = 0; i < 5; ++i) desk.enqueue(api::Lane::kUploads, "u");
  for (int i = 0; i < 5; ++i) desk.enqueue(api::Lane::kDownloads, "d");
  CHECK(desk.run(kStart).size() == 7);
  desk.enqueue(api::Lane::kReads, "r");
  CHECK(desk.run(kStart) == Names{"r"});
  desk.dispatcher.finished(api::Lane::kDownloads);
  CHECK(desk.run(kStart).size() == 1);
}

TEST_CASE("uploads cannot take every connection, nor starve for one") {
  Desk desk(8);
  for (int i = 0; i < 10; ++i) desk.enqueue(api::Lane::kUploads, "u");
  CHECK(desk.run(kStart).size() == 7);
  desk.enqueue(api::Lane::kFiles, "f");
  CHECK(desk.run(kStart) == Names{"f"});
  Desk single(1);
  single.enqueue(api::Lane::kUploads, "u");
  CHECK(single.run(kStart) == Names{"u"});
}

TEST_CASE("lanes take turns when connections are scarce") {
  Desk desk(1);
  for (int i = 0; i < 3; ++i) {
    desk.enqueue(api::Lane::kWrites, "w");
    desk.enqueue(api::Lane::kReads, "r");
  }
  Names order;
  for (const api::Lane lane :
       {api::Lane::kWrites, api::Lane::kReads, api::Lane::kWrites, api::Lane::kReads}) {
    for (const auto& name : desk.run(kStart)) order.push_back(name);
    desk.dispatcher.finished(lane);
  }
  CHECK(order == Names{"w", "r", "w", "r"});
}

TEST_CASE("a closed class holds up its own lanes only, and says when it opens") {
  Desk desk(8);
  desk.dispatcher.budget(schedule::RateClass::kFiles).refused(kStart, kStart, {seconds(7), false});
  desk.enqueue(api::Lane::kFiles, "f");
  desk.enqueue(api::Lane::kUploads, "u");
  desk.enqueue(api::Lane::kReads, "r");
  desk.enqueue(api::Lane::kWrites, "w");
  CHECK(desk.run(kStart).size() == 2);
  CHECK(desk.dispatcher.wake_at(kStart) == kStart + seconds(7));
  CHECK(desk.run(kStart + milliseconds(6999)).empty());
  CHECK(desk.run(kStart + seconds(7)).size() == 1);
}

TEST_CASE("reserved writes need no permit but wait for the end of a freeze") {
  Desk desk(8, {0.001, {}, {}});
  desk.enqueue(api::Lane::kWrites, "w1");
  desk.enqueue(api::Lane::kWrites, "w2");
  desk.enqueue(api::Lane::kReservedWrites, "x", 0);
  CHECK(desk.run(kStart) == Names{"w1", "x"});
  desk.enqueue(api::Lane::kReservedWrites, "y", 0);
  desk.dispatcher.budget(schedule::RateClass::kWrites).refused(kStart, kStart, {seconds(5), false});
  CHECK(desk.run(kStart).empty());
  auto sent = desk.run(kStart + seconds(5));
  std::ranges::sort(sent);
  CHECK(sent == Names{"w2", "y"});
}

TEST_CASE("permits alone need no connection") {
  Desk desk(1);
  desk.enqueue(api::Lane::kReads, "r");
  REQUIRE(desk.run(kStart).size() == 1);
  bool ready = false;
  desk.dispatcher.enqueue({api::Lane::kWrites, 2, false, [&](bool admitted) { ready = admitted; }});
  desk.dispatcher.run(kStart);
  CHECK(ready);
}

TEST_CASE("what is dropped is told so") {
  Desk desk(1);
  desk.enqueue(api::Lane::kUploads, "a");
  desk.enqueue(api::Lane::kUploads, "b");
  desk.enqueue(api::Lane::kReads, "r");
  desk.dispatcher.drop(api::Lane::kUploads);
  CHECK(desk.dropped == Names{"a", "b"});
  CHECK(desk.run(kStart) == Names{"r"});
}

TEST_CASE(
    "what a stopping pass would begin is dropped; what completes something, and reads, stay") {
  Desk desk(8);
  const auto mine = std::make_shared<Origin>();
  const auto other = std::make_shared<Origin>();
  desk.dispatcher.budget(schedule::RateClass::kWrites)
      .refused(kStart, kStart, {seconds(60), false});
  desk.dispatcher.budget(schedule::RateClass::kFiles).refused(kStart, kStart, {seconds(60), false});
  desk.enqueue_for(mine, api::Lane::kWrites, "add");
  desk.enqueue_for(mine, api::Lane::kReservedWrites, "delete");
  desk.enqueue_for(mine, api::Lane::kUploads, "upload");
  desk.enqueue_for(mine, api::Lane::kWrites, "add after delete", true);
  desk.enqueue_for(mine, api::Lane::kFiles, "look");
  desk.enqueue_for(other, api::Lane::kWrites, "theirs");
  mine->is_stopping = true;
  desk.dispatcher.review(*mine);
  std::ranges::sort(desk.dropped);
  CHECK(desk.dropped == Names{"add", "delete", "upload"});
  CHECK(desk.run(kStart).empty());
  CHECK(desk.run(kStart + seconds(60)).size() == 2);
  CHECK(desk.run(kStart + seconds(70)).size() == 1);
}

TEST_CASE("whoever is hurried does not wait for the end of a freeze, but is paced") {
  Desk desk(8);
  const auto mine = std::make_shared<Origin>();
  desk.dispatcher.budget(schedule::RateClass::kReads)
      .refused(kStart, kStart, {seconds(3600), false});
  desk.enqueue(api::Lane::kReads, "before");
  desk.enqueue_for(mine, api::Lane::kReads, "a");
  desk.enqueue_for(mine, api::Lane::kReads, "b");
  CHECK(desk.run(kStart).empty());
  mine->hurried = true;
  desk.dispatcher.review(*mine);
  CHECK(desk.run(kStart) == Names{"a"});
  const auto next = desk.dispatcher.wake_at(kStart);
  REQUIRE(next);
  CHECK(*next < kStart + seconds(60));
  CHECK(desk.run(*next) == Names{"b"});
  desk.enqueue_for(mine, api::Lane::kReads, "c");
  CHECK(desk.run(*next + seconds(20)) == Names{"c"});
  CHECK(desk.run(kStart + seconds(3600)) == Names{"before"});
}

TEST_CASE("at shutdown what completes a chain is sent in spite of a freeze") {
  Desk desk(8);
  const auto mine = std::make_shared<Origin>();
  desk.dispatcher.budget(schedule::RateClass::kWrites)
      .refused(kStart, kStart, {seconds(3600), false});
  desk.enqueue_for(mine, api::Lane::kReservedWrites, "add after delete", true);
  desk.enqueue_for(mine, api::Lane::kReservedWrites, "delete");
  mine->is_ending = true;
  desk.dispatcher.review(*mine);
  CHECK(desk.dropped == Names{"delete"});
  CHECK(desk.run(kStart) == Names{"add after delete"});
}
