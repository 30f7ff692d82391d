#include <new>
#include <stdexcept>
#include <thread>

#include <catch2/catch.hpp>

#include "daemon/controller/session_table.h"
#include "daemon/pass/pass_runner.h"
#include "tests/daemon/pass/memory_pass_services.h"

namespace sessync::test {
namespace {

using namespace std::chrono_literals;

/// Whose passes come as far as the API.
class NoApi : public MemoryPassServices {
 public:
  std::unique_ptr<ports::SessionApi> make_api(os::CompletionQueue& /*queue*/) override {
    throw std::runtime_error("there is no API here");
  }
};

class NoMemory : public NoApi {
 public:
  ports::WorkspaceSnapshot scan(const manifest::SessionSpec& /*spec*/) override {
    throw std::bad_alloc();
  }
};

class NoDescriptors : public NoApi {
 public:
  ports::WorkspaceSnapshot scan(const manifest::SessionSpec& /*spec*/) override {
    ports::WorkspaceSnapshot snapshot;
    snapshot.shortage = "Too many open files";
    return snapshot;
  }
};

/// Tells into which queue a pass is answered.
class Announcing : public MemoryPassServices {
 public:
  std::unique_ptr<ports::SessionApi> make_api(os::CompletionQueue& queue) override {
    announced = &queue;
    return MemoryPassServices::make_api(queue);
  }
  os::CompletionQueue* announced = nullptr;
};

runner::PassRequest request() {
  runner::PassRequest result;
  result.spec.name = "s";
  return result;
}

}  // namespace

TEST_CASE("an exception ends the pass in which it is thrown, with an error") {
  NoMemory no_memory;
  runner::PassRunner of_scan(no_memory, {});
  const auto scanned = of_scan.run(request());
  REQUIRE(scanned.error);
  CHECK(scanned.error->code == errors::SessionError::Code::kInternalError);
  CHECK(scanned.error->message.find("out of memory") != std::string::npos);
  CHECK_FALSE(scanned.settled());
  NoApi no_api;
  runner::PassRunner of_ports(no_api, {});
  const auto ported = of_ports.run(request());
  REQUIRE(ported.error);
  CHECK(ported.error->message.find("there is no API here") != std::string::npos);
}

TEST_CASE("what runs over ports that it cannot use any more is waited for") {
  Announcing services;
  runner::PassRunner runner(services, {});
  bool ran = false;
  std::thread late;
  CHECK_THROWS_AS(runner.with_ports(nullptr,
                                    [&](ports::Ports&, const std::optional<std::string>&) {
                                      services.announced->expect();
                                      late = std::thread([&] {
                                        services.announced->post([&ran] { ran = true; });
                                      });
                                      throw std::runtime_error("no");
                                    }),
                  std::runtime_error);
  late.join();
  CHECK_FALSE(ran);
}

TEST_CASE("a pass for which something was lacking comes again within seconds, however often") {
  NoDescriptors services;
  runner::PassRunner runner(services, {});
  const auto outcome = runner.run(request());
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == errors::SessionError::Code::kOutOfResources);
  CHECK_FALSE(outcome.source_lost);
  controller::SessionTable table({});
  const manifest::ManifestText text{
      "m.yaml", "version: 1\nowner: o\nsessions:\n  - {name: s, session_id: sesn_1}\n", {}};
  ports::TimePoint now{};
  table.activate(manifest::load_manifest({text}), now);
  for (int i = 0; i < 20; ++i) {
    REQUIRE(table.start(now));
    table.finish("s", outcome, now, 0.99);
    REQUIRE(table.next_due_after(ports::TimePoint{}));
    CHECK(*table.next_due_after(ports::TimePoint{}) - now <= 5s);
    now = *table.next_due_after(ports::TimePoint{});
  }
}

}  // namespace sessync::test
