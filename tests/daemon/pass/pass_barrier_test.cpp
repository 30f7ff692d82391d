#include <new>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "daemon/controller/session_table.h"
#include "daemon/pass/pass_runner.h"
#include "tests/double/memory/memory_content_source.h"
#include "tests/double/memory/memory_session_api.h"
#include "tests/double/memory/memory_state_store.h"
#include "tests/double/memory/memory_token_source.h"
#include "tests/double/memory/test_loop.h"
#include "tests/double/model/session_model.h"

namespace sessync::test {
namespace {

using namespace std::chrono_literals;

PassServices services(std::function<WorkspaceSnapshot(const SessionSpec&)> scan) {
  PassServices result;
  result.scan = std::move(scan);
  result.make_api = [](CompletionQueue&) -> std::unique_ptr<SessionApi> {
    throw std::runtime_error("there is no API here");
  };
  return result;
}

PassRequest request() {
  PassRequest result;
  result.spec.name = "s";
  return result;
}

}  // namespace

TEST_CASE("an exception ends the pass in which it is thrown, with an error") {
  PassRunner of_scan(
      services([](const SessionSpec&) -> WorkspaceSnapshot { throw std::bad_alloc(); }), {});
  const auto scanned = of_scan.run(request());
  REQUIRE(scanned.error);
  CHECK(scanned.error->code == SessionError::Code::kInternalError);
  CHECK(scanned.error->message.find("out of memory") != std::string::npos);
  CHECK_FALSE(scanned.settled());
  PassRunner of_ports(services([](const SessionSpec&) { return WorkspaceSnapshot{}; }), {});
  const auto ported = of_ports.run(request());
  REQUIRE(ported.error);
  CHECK(ported.error->message.find("there is no API here") != std::string::npos);
}

TEST_CASE("what runs over ports that it cannot use any more is waited for") {
  PassServices all = services({});
  SessionModel model;
  TestLoop loop;
  MemoryContentSource content;
  CompletionQueue* announced = nullptr;
  all.make_api = [&](CompletionQueue& queue) -> std::unique_ptr<SessionApi> {
    announced = &queue;
    return std::make_unique<MemorySessionApi>(model, loop, &content);
  };
  all.make_store = [&](CompletionQueue&) -> std::unique_ptr<StateStore> {
    return std::make_unique<MemoryStateStore>(loop);
  };
  all.make_tokens = [&](CompletionQueue&) -> std::unique_ptr<TokenSource> {
    return std::make_unique<MemoryTokenSource>(loop);
  };
  PassRunner runner(std::move(all), {});
  bool ran = false;
  std::thread late;
  CHECK_THROWS_AS(
      runner.with_ports(nullptr,
                        [&](Ports&, const std::optional<std::string>&) {
                          announced->expect();
                          late = std::thread([&] { announced->post([&ran] { ran = true; }); });
                          throw std::runtime_error("no");
                        }),
      std::runtime_error);
  late.join();
  CHECK_FALSE(ran);
}

TEST_CASE("a pass for which something was lacking comes again within seconds, however often") {
  PassRunner runner(services([](const SessionSpec&) {
                      WorkspaceSnapshot snapshot;
                      snapshot.shortage = "Too many open files";
                      return snapshot;
                    }),
                    {});
  const auto outcome = runner.run(request());
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == SessionError::Code::kOutOfResources);
  CHECK_FALSE(outcome.source_lost);
  SessionTable table({});
  const ManifestText text{
      "m.yaml", "version: 1\nowner: o\nsessions:\n  - {name: s, session_id: sesn_1}\n", {}};
  TimePoint now{};
  table.put_in_force(load_manifest({text}), now);
  for (int i = 0; i < 20; ++i) {
    REQUIRE(table.start(now));
    table.finish("s", outcome, now, 0.99);
    REQUIRE(table.next_due());
    CHECK(*table.next_due() - now <= 5s);
    now = *table.next_due();
  }
}

}  // namespace sessync::test
