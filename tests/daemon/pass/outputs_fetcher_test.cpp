#include "daemon/pass/outputs_fetcher.h"

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

#include <catch2/catch.hpp>

namespace sessync {
namespace {

using runner::OutputsFetcher;

outputs::OutputsReport arrived(const std::string& name) {
  outputs::OutputsReport report;
  report.fetched.push_back({name, 1, "file_" + name});
  return report;
}

outputs::OutputsReport failed(const std::string& message) {
  outputs::OutputsReport report;
  report.error = errors::SessionError{errors::SessionError::Code::kApiError, message};
  report.again = true;
  return report;
}

void wait_for(const std::atomic<int>& count, int wanted) {
  while (count < wanted) std::this_thread::yield();
}

TEST_CASE("what arrived beside passes is told once, and given out once") {
  OutputsFetcher fetcher;
  std::promise<std::string> told;
  fetcher.tell([&told](const std::string& session) { told.set_value(session); });
  CHECK(fetcher.take("s").fetched.empty());
  fetcher.ask("s", [](const auto&) { return arrived("a"); });
  CHECK(told.get_future().get() == "s");
  CHECK(fetcher.take("s").fetched.size() == 1);
  CHECK(fetcher.take("s").fetched.empty());
  CHECK(fetcher.take("t").fetched.empty());
}

TEST_CASE(
    "of one session there is one fetch at a time, and what is asked meanwhile comes after it") {
  OutputsFetcher fetcher;
  std::atomic<int> begun{0};
  std::atomic<int> of_s{0};
  std::atomic<bool> overlapped{false};
  std::promise<void> go;
  const auto gate = go.get_future().share();
  const auto fetch = [&](const std::function<bool()>&) {
    if (++of_s > 1) overlapped = true;
    ++begun;
    gate.wait();
    --of_s;
    return outputs::OutputsReport{};
  };
  fetcher.ask("s", fetch);
  wait_for(begun, 1);
  for (int i = 0; i < 3; ++i) fetcher.ask("s", fetch);
  fetcher.ask("t", [&](const auto&) {
    ++begun;
    return outputs::OutputsReport{};
  });
  wait_for(begun, 2);
  go.set_value();
  wait_for(begun, 3);
  CHECK(fetcher.wait(std::chrono::minutes(1)));
  CHECK(begun == 3);
  CHECK_FALSE(overlapped);
}

TEST_CASE("an API that fails with other words each time is not asked without end") {
  OutputsFetcher fetcher;
  std::atomic<int> fetches{0};
  std::atomic<int> passes{0};
  const std::function<void()> pass = [&] {
    fetcher.take("s");
    fetcher.ask("s", [&](const auto&) { return failed(std::to_string(++fetches)); });
    ++passes;
  };
  fetcher.tell([&](const std::string&) { pass(); });
  pass();
  wait_for(fetches, 2);
  CHECK(fetcher.wait(std::chrono::minutes(1)));
  CHECK(passes == 2);
  CHECK(fetches == 2);
  CHECK(fetcher.take("s").error->message == "2");
}

TEST_CASE("a fetch that throws is over, and one that is stopped begins nothing more") {
  OutputsFetcher fetcher;
  std::atomic<int> begun{0};
  fetcher.ask("s", [&](const auto&) -> outputs::OutputsReport {
    ++begun;
    throw std::runtime_error("no");
  });
  wait_for(begun, 1);
  std::promise<bool> over;
  fetcher.ask("s", [&](const std::function<bool()>& is_over) {
    ++begun;
    const bool before = is_over();
    while (!is_over()) std::this_thread::yield();
    over.set_value(!before);
    return outputs::OutputsReport{};
  });
  wait_for(begun, 2);
  fetcher.stop();
  CHECK(over.get_future().get());
  CHECK(fetcher.wait(std::chrono::minutes(1)));
}

}  // namespace
}  // namespace sessync
