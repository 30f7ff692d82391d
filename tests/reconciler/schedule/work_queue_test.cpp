#include "reconciler/schedule/work_queue.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

namespace sessync {
namespace {

ports::TimePoint at(int ms) { return ports::TimePoint{ports::Duration{ms}}; }

TEST_CASE("A key is handed out when it is due") {
  schedule::WorkQueue queue;
  CHECK_FALSE(queue.pop(at(0)));
  CHECK_FALSE(queue.next_due());
  queue.add("a", at(10));
  CHECK(queue.next_due() == at(10));
  CHECK(queue.figures(at(9)).depth == 0);
  CHECK_FALSE(queue.pop(at(9)));
  CHECK(queue.figures(at(10)).depth == 1);
  CHECK(queue.pop(at(10)) == "a");
  CHECK(queue.is_processing("a"));
  CHECK_FALSE(queue.due_of("a"));
  CHECK_FALSE(queue.pop(at(100)));
}

TEST_CASE("Of several due times the earliest holds") {
  schedule::WorkQueue queue;
  queue.add("a", at(10));
  queue.add("a", at(20));
  CHECK(queue.due_of("a") == at(10));
  queue.add("a", at(5));
  CHECK(queue.due_of("a") == at(5));
  CHECK(queue.pop(at(5)) == "a");
  CHECK_FALSE(queue.pop(at(50)));
  CHECK(queue.figures(at(0)).adds == 1);
}

TEST_CASE("An add while the key is worked on is kept for afterwards") {
  schedule::WorkQueue queue;
  queue.add("a", at(0));
  REQUIRE(queue.pop(at(0)) == "a");
  queue.add("a", at(7));
  queue.add("a", at(3));
  CHECK_FALSE(queue.next_due());
  CHECK_FALSE(queue.pop(at(10)));
  CHECK(queue.due_of("a") == at(3));
  queue.done("a");
  CHECK(queue.next_due() == at(3));
  CHECK(queue.pop(at(3)) == "a");
  queue.done("a");
  CHECK_FALSE(queue.due_of("a"));
  CHECK_FALSE(queue.is_processing("a"));
}

TEST_CASE("Due keys come in the order of their due times, then of their arrival") {
  schedule::WorkQueue queue;
  queue.add("late", at(3));
  queue.add("b", at(1));
  queue.add("a", at(1));
  CHECK(queue.pop(at(9)) == "b");
  CHECK(queue.pop(at(9)) == "a");
  CHECK(queue.pop(at(9)) == "late");
  CHECK(queue.is_processing("late"));
}

TEST_CASE("Remove forgets what waits, not what is under way") {
  schedule::WorkQueue queue;
  queue.add("a", at(0));
  queue.remove("a");
  CHECK_FALSE(queue.pop(at(9)));

  queue.add("a", at(0));
  REQUIRE(queue.pop(at(0)) == "a");
  queue.add("a", at(0));
  queue.remove("a");
  CHECK(queue.is_processing("a"));
  queue.done("a");
  CHECK_FALSE(queue.pop(at(9)));

  queue.remove("never added");
  queue.done("never added");
  CHECK_FALSE(queue.due_of("never added"));
  CHECK_FALSE(queue.is_processing("never added"));
}

TEST_CASE("Retries are counted as such") {
  schedule::WorkQueue queue;
  queue.retry("a", at(0));
  queue.retry("a", at(0));
  queue.add("b", at(0));
  CHECK(queue.figures(at(0)).retries == 2);
  CHECK(queue.figures(at(0)).adds == 2);
}

/// The contract in its plainest form: a due time per waiting key, and who is at work.
struct Model {
  std::map<std::string, ports::TimePoint> waiting;
  std::set<std::string> processing;

  void add(const std::string& key, ports::TimePoint due) {
    const auto [place, is_new] = waiting.emplace(key, due);
    place->second = std::min(place->second, due);
  }
  [[nodiscard]] std::optional<ports::TimePoint> next_due() const {
    std::optional<ports::TimePoint> earliest;
    for (const auto& [key, due] : waiting) {
      if (!processing.contains(key) && (!earliest || due < *earliest)) {
        earliest = due;
      }
    }
    return earliest;
  }
  [[nodiscard]] std::optional<ports::TimePoint> due_of(const std::string& key) const {
    const auto known = waiting.find(key);
    return known == waiting.end() ? std::nullopt : std::optional(known->second);
  }
};

void pop_both(schedule::WorkQueue& queue, Model& model, ports::TimePoint now) {
  const auto earliest = model.next_due();
  const auto popped = queue.pop(now);
  RC_ASSERT(popped.has_value() == (earliest && *earliest <= now));
  if (popped) {
    RC_ASSERT(model.waiting.at(*popped) == *earliest);
    RC_ASSERT(model.processing.insert(*popped).second);
    model.waiting.erase(*popped);
  }
}

constexpr std::array<const char*, 4> kKeys = {"a", "b", "c", "d"};

void check_keys(const schedule::WorkQueue& queue, const Model& model) {
  for (const std::string key : kKeys) {
    RC_ASSERT(queue.due_of(key) == model.due_of(key));
    RC_ASSERT(queue.is_processing(key) == model.processing.contains(key));
  }
}

void step(schedule::WorkQueue& queue, Model& model) {
  const std::string key = *rc::gen::elementOf(kKeys);
  const ports::TimePoint time = at(*rc::gen::inRange(0, 20));
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
    case 1:
      queue.add(key, time);
      model.add(key, time);
      break;
    case 2:
      pop_both(queue, model, time);
      break;
    case 3:
      queue.done(key);
      model.processing.erase(key);
      break;
    default:
      queue.remove(key);
      model.waiting.erase(key);
  }
}

TEST_CASE("The queue behaves as its contract for any sequence of calls") {
  rc::prop("add, pop, done and remove in any order", [] {
    schedule::WorkQueue queue;
    Model model;
    const int steps = *rc::gen::inRange(0, 60);
    for (int i = 0; i < steps; ++i) {
      step(queue, model);
      RC_ASSERT(queue.next_due() == model.next_due());
      check_keys(queue, model);
    }
    // Nothing added is ever lost: once everybody is done, all that waits is handed out.
    for (const auto& key : model.processing) {
      queue.done(key);
    }
    model.processing.clear();
    while (!model.waiting.empty()) {
      pop_both(queue, model, at(1000));
    }
    RC_ASSERT(!queue.pop(at(1000)).has_value());
  });
}

}  // namespace
}  // namespace sessync
