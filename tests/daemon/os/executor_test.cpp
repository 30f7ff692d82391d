#include "daemon/os/executor.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <pthread.h>

namespace sessync::test {
namespace {

using AtStop = os::Executor::AtStop;
using Submitted = os::Executor::Submitted;

os::Executor::Options options(std::size_t most_waiting, AtStop at_stop = AtStop::kDrop) {
  return {.name = "work", .task = "a test", .most_waiting = most_waiting, .at_stop = at_stop};
}

std::string thread_name() {
  std::array<char, 16> name{};
  ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  return name.data();
}

/// A task that runs until it is let go on, or until it is asked to stop.
class Occupied {
 public:
  explicit Occupied(os::Executor& executor) {
    std::promise<void> begun;
    executor.submit([&begun, released = released_](const std::stop_token& stop) {
      begun.set_value();
      while (!stop.stop_requested() && !*released) std::this_thread::yield();
    });
    begun.get_future().wait();
  }
  void release() const { *released_ = true; }

 private:
  std::shared_ptr<std::atomic<bool>> released_ = std::make_shared<std::atomic<bool>>(false);
};

/// Waits until what was submitted before has run.
void finish(os::Executor& executor) {
  std::promise<void> done;
  REQUIRE(executor.submit([&](const std::stop_token&) { done.set_value(); }) == Submitted::kTaken);
  done.get_future().wait();
}

TEST_CASE("tasks run in their order, one at a time") {
  std::vector<int> ran;
  os::Executor executor(options(1000));
  for (int i = 0; i < 500; ++i) {
    REQUIRE(executor.submit([&ran, i](const std::stop_token&) { ran.push_back(i); }) ==
            Submitted::kTaken);
  }
  finish(executor);
  REQUIRE(ran.size() == 500);
  CHECK(std::ranges::is_sorted(ran));
}

TEST_CASE("a task that throws ends itself and nothing else, whatever it throws") {
  os::Executor executor(options(10));
  executor.submit([](const std::stop_token&) { throw std::runtime_error("no"); });
  executor.submit([](const std::stop_token&) { throw std::bad_alloc(); });
  executor.submit([](const std::stop_token&) { throw 1; });
  finish(executor);
}

TEST_CASE("no more tasks wait than there may, and there is room again when one is done") {
  std::atomic<int> ran{0};
  const auto count = [&ran](const std::stop_token&) { ++ran; };
  os::Executor executor(options(2));
  const Occupied first(executor);
  CHECK(executor.submit(count) == Submitted::kTaken);
  CHECK(executor.submit(count) == Submitted::kTaken);
  CHECK(executor.submit(count) == Submitted::kFull);
  first.release();
  while (ran < 2) std::this_thread::yield();
  finish(executor);
  CHECK(ran == 2);
}

TEST_CASE("a stop asks what runs to end, and drops what waits") {
  bool ran = false;
  auto kept = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = kept;
  {
    os::Executor executor(options(10));
    const Occupied first(executor);
    executor.submit([&ran, kept = std::move(kept)](const std::stop_token&) { ran = true; });
    executor.stop();
    CHECK(watched.expired());
    CHECK(executor.submit([&ran](const std::stop_token&) { ran = true; }) == Submitted::kStopped);
  }
  CHECK_FALSE(ran);
}

TEST_CASE("where what waits is to run at a stop, it runs and is asked to end") {
  int asked = 0;
  {
    os::Executor executor(options(10, AtStop::kRun));
    const Occupied first(executor);
    for (int i = 0; i < 3; ++i) {
      executor.submit(
          [&asked](const std::stop_token& stop) { asked += stop.stop_requested() ? 1 : 0; });
    }
    executor.stop();
    CHECK(executor.submit([](const std::stop_token&) {}) == Submitted::kStopped);
  }
  CHECK(asked == 3);
}

TEST_CASE("a task that is dropped may use the executor when it goes") {
  os::Executor executor(options(10));
  const Occupied first(executor);
  Submitted last = Submitted::kTaken;
  const auto says_more = [&](int*) { last = executor.submit([](const std::stop_token&) {}); };
  executor.submit([held = std::shared_ptr<int>(nullptr, says_more)](const std::stop_token&) {});
  executor.stop();
  CHECK(last == Submitted::kStopped);
}

TEST_CASE("a few threads work beside each other, each under its name and prepared") {
  constexpr int kThreads = 3;
  std::atomic<int> prepared{0};
  std::mutex mutex;
  std::set<std::string> names;
  std::latch all(kThreads);
  auto several = options(10, AtStop::kRun);
  several.threads = kThreads;
  several.at_start = [&prepared] { ++prepared; };
  {
    os::Executor executor(several);
    for (int i = 0; i < kThreads; ++i) {
      executor.submit([&](const std::stop_token&) {
        all.arrive_and_wait();  // which they only can beside each other
        const std::lock_guard lock(mutex);
        names.insert(thread_name());
      });
    }
  }
  CHECK(names == std::set<std::string>{"work-0", "work-1", "work-2"});
  CHECK(prepared == kThreads);
}

TEST_CASE("the only thread has the name alone") {
  std::string name;
  os::Executor executor(options(10));
  executor.submit([&name](const std::stop_token&) { name = thread_name(); });
  finish(executor);
  CHECK(name == "work");
}

}  // namespace
}  // namespace sessync::test
