#include "daemon/os/thread.h"

#include <array>
#include <atomic>
#include <future>
#include <stdexcept>

#include <catch2/catch.hpp>
#include <pthread.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): pthread_sigmask is POSIX

#include "daemon/os/completion_queue.h"

namespace sessync::test {

TEST_CASE("a thread has its name and a pulse, and takes no signals") {
  std::array<char, 16> name{};
  sigset_t blocked{};
  bool heard = false;
  auto thread = os::start_thread("named", os::Duty::kWorker, [&] {
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
    ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    for (const auto& pulse : os::pulses(os::Pulse::Clock::now())) {
      heard |= pulse.name == "named" && pulse.duty == os::Duty::kWorker;
    }
  });
  thread.join();
  CHECK(std::string(name.data()) == "named");
  CHECK(::sigismember(&blocked, SIGTERM) == 1);
  CHECK(::sigismember(&blocked, SIGPIPE) == 1);
  CHECK(heard);
}

TEST_CASE("a thread whose work throws begins again") {
  std::atomic<int> begun{0};
  auto thread = os::start_thread("throwing", os::Duty::kHelper, [&] {
    if (++begun == 1) throw std::runtime_error("for once");
  });
  thread.join();
  CHECK(begun == 2);
}

TEST_CASE("a piece of work that throws is over, whatever it throws, and nothing else is") {
  CHECK(os::guarded("this", [] {}));
  CHECK_FALSE(os::guarded("this", [] { throw std::runtime_error("no"); }));
  CHECK_FALSE(os::guarded("this", [] { throw std::bad_alloc(); }));
  CHECK_FALSE(os::guarded("this", [] { throw 1; }));
}

TEST_CASE("what is announced to a queue that is given up is waited for, and not run") {
  os::CompletionQueue queue;
  bool ran = false;
  auto kept = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = kept;
  queue.expect();
  queue.expect();
  queue.after(ports::Duration{0}, [&ran] { ran = true; });
  queue.post([&ran, kept = std::move(kept)] { ran = true; });
  auto late = std::async(std::launch::async, [&] { queue.post([&ran] { ran = true; }); });
  queue.discard_all();
  late.get();
  CHECK_FALSE(ran);
  CHECK(watched.expired());
  CHECK_FALSE(queue.run_one());
}

TEST_CASE("what is announced is delivered once, also by who throws on the way") {
  os::CompletionQueue queue;
  std::string said;
  const auto make = [&] {
    return std::make_shared<os::Delivery>(queue, [&said] { said += "lost "; });
  };
  const auto fails_on_the_way = [&make] {
    const auto delivery = make();
    throw std::bad_alloc();
  };
  CHECK_THROWS_AS(fails_on_the_way(), std::bad_alloc);
  CHECK(queue.run_one());
  auto delivery = make();
  delivery->post([&said] { said += "said "; });
  delivery->post([&said] { said += "again "; });
  delivery.reset();
  CHECK(queue.run_one());
  CHECK(said == "lost said ");
  CHECK_FALSE(queue.run_one());
}

TEST_CASE("the threads of a group that cannot be had as a whole end before it says so") {
  // The second copy of the body is one too many.
  struct Body {
    Body() = default;
    Body(const Body& other) : copies(other.copies), ended(other.ended), begun(other.begun) {
      if (++*copies > 3) throw std::bad_alloc();
    }
    Body& operator=(const Body&) = delete;
    ~Body() = default;
    void operator()() const {
      *begun = true;
      while (!*ended) std::this_thread::yield();
    }
    std::shared_ptr<int> copies = std::make_shared<int>(0);
    std::shared_ptr<std::atomic<bool>> ended = std::make_shared<std::atomic<bool>>(false);
    std::shared_ptr<std::atomic<bool>> begun = std::make_shared<std::atomic<bool>>(false);
  };
  const Body body;
  const auto make = [&] {
    const os::ThreadGroup group("group", 50, body, [&] { *body.ended = true; });
  };
  CHECK_THROWS_AS(make(), std::bad_alloc);
  CHECK(*body.ended);
  CHECK(body.copies.use_count() == 1);  // nobody runs any more
}

}  // namespace sessync::test
