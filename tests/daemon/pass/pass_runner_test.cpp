#include "daemon/pass/pass_runner.h"

#include <future>

#include <catch2/catch.hpp>

#include "reconciler/ports/pass_observer.h"
#include "tests/daemon/pass/memory_pass_services.h"

namespace sessync {
namespace {

using std::chrono::milliseconds;

manifest::SessionSpec named(const std::string& name) {
  manifest::SessionSpec spec;
  spec.name = name;
  return spec;
}

TEST_CASE("whoever waits for the writes of a session is told what is still being written") {
  MemoryPassServices services;
  runner::PassRunner passes(services, {});
  const auto a = named("a");
  CHECK(passes.wait_for_writes("a", milliseconds(0)).empty());
  passes.with_ports(&a, [&](ports::Ports& of_pass, const std::optional<std::string>&) {
    of_pass.observer->opened(manifest::MountPath::of_file("/x"));
    CHECK(passes.wait_for_writes("a", milliseconds(1)) == std::vector<std::string>{"/x"});
    CHECK(passes.wait_for_writes("b", milliseconds(1)).empty());
    of_pass.observer->closed(manifest::MountPath::of_file("/x"));
    CHECK(passes.wait_for_writes("a", std::chrono::hours(1)).empty());
    of_pass.observer->opened(manifest::MountPath::of_file("/y"));
  });
  CHECK(passes.wait_for_writes("a", std::chrono::hours(1)).empty());
}

TEST_CASE("a write that ends lets go of whoever waits for it") {
  MemoryPassServices services;
  runner::PassRunner passes(services, {});
  const auto a = named("a");
  passes.with_ports(&a, [&](ports::Ports& of_pass, const std::optional<std::string>&) {
    of_pass.observer->opened(manifest::MountPath::of_file("/x"));
    auto waiting = std::async(std::launch::async, [&] {
      return passes.wait_for_writes("a", std::chrono::hours(1)).size();
    });
    of_pass.observer->closed(manifest::MountPath::of_file("/x"));
    CHECK(waiting.get() == 0);
  });
}

TEST_CASE("shutdown reaches passes under way, and those that begin later") {
  MemoryPassServices services;
  runner::PassRunner passes(services, {});
  const auto a = named("a");
  passes.with_ports(&a, [&](ports::Ports& of_pass, const std::optional<std::string>&) {
    CHECK_FALSE(of_pass.loop.ending());
    passes.stop();
    CHECK(of_pass.loop.ending());
    CHECK(of_pass.loop.stopping());
  });
  passes.with_ports(&a, [](ports::Ports& of_pass, const std::optional<std::string>&) {
    CHECK(of_pass.loop.stopping());
  });
}

TEST_CASE("what a pass knows is there to be seen while it runs") {
  MemoryPassServices services;
  runner::PassRunner passes(services, {});
  CHECK(passes.progress().empty());
  const auto a = named("a");
  passes.with_ports(&a, [&](ports::Ports& of_pass, const std::optional<std::string>&) {
    REQUIRE(passes.progress().size() == 1);
    CHECK(passes.progress().front().name == "a");
    CHECK_FALSE(passes.progress().front().found);
    pass::PassOutcome found;
    found.plan.actions.resize(2);
    of_pass.observer->planned(found);
    of_pass.observer->acted(1, {apply::ActionResult::Outcome::kDone});
    const auto progress = passes.progress().front();
    REQUIRE(progress.found);
    CHECK(progress.known_since);
    CHECK(progress.found->results.at(1).outcome == apply::ActionResult::Outcome::kDone);
    CHECK(progress.found->results.at(0).outcome == apply::ActionResult::Outcome::kSkipped);
  });
  CHECK(passes.progress().empty());
}

}  // namespace
}  // namespace sessync
