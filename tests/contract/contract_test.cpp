#include <catch2/catch.hpp>

#include "tests/contract/behaviours.h"

namespace sessync::contract {

namespace {

using MakeBackend = std::unique_ptr<Backend> (*)();

void check_all(const std::vector<Behaviour>& behaviours, MakeBackend make) {
  for (const Behaviour& behaviour : behaviours) {
    DYNAMIC_SECTION(behaviour.name) {
      const auto backend = make();
      behaviour.check(*backend);
    }
  }
}

}  // namespace

TEST_CASE("the double in memory keeps the contract") {
  check_all(common_behaviours(), memory_backend);
}
TEST_CASE("the client over HTTP keeps the contract") {
  check_all(common_behaviours(), http_backend);
}
TEST_CASE("the double in memory answers states and switches") {
  check_all(double_behaviours(), memory_backend);
}
TEST_CASE("the client over HTTP answers states and switches") {
  check_all(double_behaviours(), http_backend);
}
TEST_CASE("the double in memory creates sessions") {
  check_all(session_behaviours(), memory_backend);
}
TEST_CASE("the client over HTTP creates sessions") {
  check_all(session_behaviours(), http_backend);
}
TEST_CASE("the double in memory suffers faults") { check_all(fault_behaviours(), memory_backend); }
TEST_CASE("the client over HTTP suffers faults") { check_all(fault_behaviours(), http_backend); }

TEST_CASE("the real API keeps the contract", "[.live]") {
  for (const Behaviour& behaviour : common_behaviours()) {
    DYNAMIC_SECTION(behaviour.name) {
      const auto backend = live_backend();
      if (backend == nullptr) {
        FAIL("set ANTHROPIC_API_KEY and SESSYNC_LIVE_SESSION to an idle session");
      }
      behaviour.check(*backend);
      backend->clean_up();
    }
  }
}

}  // namespace sessync::contract
