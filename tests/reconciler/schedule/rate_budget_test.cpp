#include "reconciler/schedule/rate_budget.h"

#include <catch2/catch.hpp>

using namespace sessync;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const ports::TimePoint kStart{seconds(1'000'000)};

/// Sends as much as the budget allows until `end`; every call is accepted at once.
int send_until(schedule::RateBudget& budget, ports::TimePoint now, ports::TimePoint end) {
  int sent = 0;
  while (now < end) {
    if (budget.take(now)) {
      budget.accepted(now);
      ++sent;
    } else {
      now = budget.ready_at(now);
    }
  }
  return sent;
}

void accept(schedule::RateBudget& budget, ports::TimePoint now, int calls) {
  for (int i = 0; i < calls; ++i) {
    REQUIRE(budget.take(now));
    budget.accepted(now);
  }
}

}  // namespace

TEST_CASE("a budget is open until the first refusal") {
  schedule::RateBudget budget;
  accept(budget, kStart, 10'000);
  CHECK(!budget.rate());
  CHECK(budget.ready_at(kStart) == kStart);
}

TEST_CASE("a refusal freezes for exactly as long as it says") {
  schedule::RateBudget budget;
  budget.refused(kStart, kStart, {seconds(30), false});
  CHECK(!budget.take(kStart + milliseconds(29'999)));
  CHECK(!budget.take(kStart + milliseconds(29'999), 0));
  CHECK(budget.ready_at(kStart) == kStart + seconds(30));
  CHECK(budget.take(kStart + seconds(30)));
}

TEST_CASE("the rate learned from a burst is what a minute allowed") {
  schedule::RateBudget budget;
  accept(budget, kStart, 300);
  const auto refused_at = kStart + seconds(2);
  budget.refused(refused_at, refused_at, {seconds(58), false});
  CHECK(*budget.rate() == Approx(5));
  const auto thawed = refused_at + seconds(58);
  const int sent = send_until(budget, thawed, thawed + seconds(10));
  CHECK(sent >= 50);
  CHECK(sent <= 60);
}

TEST_CASE("the rate learned from limits per second is what a second allowed") {
  schedule::RateBudget budget;
  accept(budget, kStart, 5);
  budget.refused(kStart + milliseconds(100), kStart + milliseconds(100), {seconds(1), false});
  CHECK(*budget.rate() == Approx(5 / 1.1));
}

TEST_CASE("calls refused together cut the rate once") {
  schedule::RateBudget budget;
  accept(budget, kStart, 120);
  const auto first = kStart + seconds(10);
  for (int i = 0; i < 32; ++i) {
    budget.refused(first - milliseconds(50), first + milliseconds(i), {seconds(50), false});
  }
  CHECK(*budget.rate() == Approx(2));
  CHECK(budget.ready_at(first) == first + milliseconds(31) + seconds(50));
}

TEST_CASE("a further refusal halves the rate, down to a floor") {
  schedule::RateBudget budget;
  accept(budget, kStart, 120);
  auto now = kStart + seconds(10);
  budget.refused(now, now, {seconds(50), false});
  double before = *budget.rate();
  for (int i = 0; i < 10; ++i) {
    now = budget.ready_at(now) + seconds(1);
    budget.refused(now, now, {seconds(1), false});
    CHECK(*budget.rate() == Approx(std::max(before / 2, 0.1)));
    before = *budget.rate();
  }
  CHECK(before == Approx(0.1));
}

TEST_CASE("a rate that is used grows by steps; one that is not stays") {
  schedule::RateBudget budget;
  accept(budget, kStart, 120);
  const auto now = kStart + seconds(10);
  budget.refused(now, now, {seconds(50), false});
  const auto thawed = now + seconds(50);
  send_until(budget, thawed, thawed + seconds(20));
  const double used = *budget.rate();
  CHECK(used > 3);
  CHECK(used < 5);
  auto later = thawed + hours(1);
  for (int i = 0; i < 100; ++i) {
    later += minutes(1);
    REQUIRE(budget.take(later));
    budget.accepted(later);
  }
  CHECK(*budget.rate() == used);
}

TEST_CASE("a ceiling binds from the start and is never exceeded") {
  schedule::RateBudget budget(5);
  const int sent = send_until(budget, kStart, kStart + minutes(10));
  CHECK(sent >= 5 * 600);
  CHECK(sent <= 5 * 600 + 5);
  accept(budget, kStart + hours(1), 5);
  CHECK(!budget.take(kStart + hours(1)));
  budget.refused(kStart + hours(2), kStart + hours(2), {seconds(1), false});
  send_until(budget, kStart + hours(2), kStart + hours(6));
  CHECK(*budget.rate() <= 5);
}

TEST_CASE("several permits are lent on one and paid back") {
  schedule::RateBudget budget(1);
  CHECK(budget.take(kStart, 3));
  CHECK(!budget.take(kStart));
  CHECK(budget.ready_at(kStart) == kStart + seconds(3));
  CHECK(budget.take(kStart, 0));
  CHECK(!budget.take(kStart + milliseconds(2'999)));
  CHECK(budget.take(kStart + seconds(3)));
}

TEST_CASE("refusals without a time freeze longer and longer, and success forgets") {
  schedule::RateBudget budget;
  auto now = kStart;
  for (const int expected : {1, 2, 4, 8, 16, 32, 60, 60}) {
    budget.refused(now, now, {});
    CHECK(budget.ready_at(now, 0) == now + seconds(expected));
    now = budget.ready_at(now, 0) + milliseconds(1);
  }
  REQUIRE(budget.take(now, 0));
  budget.accepted(now);
  now += seconds(1);
  budget.refused(now, now, {});
  CHECK(budget.ready_at(now, 0) == now + seconds(1));
}

TEST_CASE("times that make no sense do no harm") {
  for (const auto time : {ports::Duration(0), ports::Duration(-5), ports::Duration::min(),
                          ports::Duration(hours(1)) + ports::Duration(1),
                          ports::Duration(hours(24 * 365)), ports::Duration::max()}) {
    schedule::RateBudget budget;
    budget.refused(kStart, kStart, {time, false});
    CHECK(budget.ready_at(kStart) == kStart + seconds(1));
  }
  schedule::RateBudget budget;
  budget.refused(kStart, kStart, {hours(1), false});
  CHECK(budget.ready_at(kStart) == kStart + hours(1));
}

TEST_CASE("a call that does not wait for the end of a freeze is still paced") {
  schedule::RateBudget budget;
  budget.refused(kStart, kStart, {hours(1), false});
  CHECK(!budget.take(kStart));
  CHECK(budget.ready_at(kStart, 1, schedule::Freeze::kIgnored) == kStart);
  CHECK(budget.take(kStart, 1, schedule::Freeze::kIgnored));
  CHECK(!budget.take(kStart, 1, schedule::Freeze::kIgnored));
  const auto next = budget.ready_at(kStart, 1, schedule::Freeze::kIgnored);
  CHECK(next > kStart);
  CHECK(next < kStart + minutes(1));
  CHECK(budget.take(next, 1, schedule::Freeze::kIgnored));
  CHECK(budget.frozen(next));
}

TEST_CASE("spend limits freeze long and teach no rate") {
  schedule::RateBudget budget;
  budget.refused(kStart, kStart, {std::nullopt, true});
  CHECK(budget.ready_at(kStart) == kStart + minutes(5));
  CHECK(!budget.rate());
}

TEST_CASE("an answer to a call sent before the freeze does not end it") {
  schedule::RateBudget budget;
  budget.refused(kStart, kStart, {seconds(30), false});
  const double learned = *budget.rate();
  budget.accepted(kStart + seconds(1));
  CHECK(budget.frozen(kStart + seconds(1)));
  CHECK(*budget.rate() == learned);
}
