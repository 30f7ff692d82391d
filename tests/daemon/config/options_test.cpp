#include "daemon/config/options.h"

#include <cstdlib>

#include <catch2/catch.hpp>

using namespace sessync;
using namespace std::chrono_literals;

namespace {

std::variant<config::Options, config::EarlyExit> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "sessync");
  return config::parse_options(static_cast<int>(arguments.size()), arguments.data());
}

config::Options good(std::vector<const char*> arguments) {
  auto parsed = parse(std::move(arguments));
  REQUIRE(std::holds_alternative<config::Options>(parsed));
  return std::get<config::Options>(parsed);
}

config::EarlyExit bad(std::vector<const char*> arguments) {
  auto parsed = parse(std::move(arguments));
  REQUIRE(std::holds_alternative<config::EarlyExit>(parsed));
  return std::get<config::EarlyExit>(parsed);
}

}  // namespace

TEST_CASE("durations") {
  CHECK(config::parse_wait("250ms") == 250ms);
  CHECK(config::parse_wait("30s") == 30s);
  CHECK(config::parse_wait("1h30m") == 90min);
  CHECK(config::parse_wait("0s") == 0ms);
  for (const auto* text : {"", "5", "s", "-1s", "1.5s", "1d", "1s2", "99999999999h"}) {
    CAPTURE(text);
    CHECK_FALSE(config::parse_wait(text));
  }
}

TEST_CASE("rates") {
  const auto rates = config::parse_max_rates("writes=5/s,files=0.5/s");
  REQUIRE(rates);
  CHECK(rates->writes == 5.0);
  CHECK_FALSE(rates->reads);
  CHECK(rates->files == 0.5);
  for (const auto* text : {"writes", "writes=5", "writes=0/s", "writes=-1/s", "all=5/s", "w=x/s"}) {
    CAPTURE(text);
    CHECK_FALSE(config::parse_max_rates(text));
  }
}

TEST_CASE("defaults are those of the contract") {
  const auto options = good({"run"});
  CHECK(options.command == config::Command::kRun);
  CHECK(options.manifest == "sessync.yaml");
  CHECK(options.workers == 4);
  CHECK(options.settle == 50ms);
  CHECK(options.rescan == 10min);
  CHECK(options.parallel == 32);
  CHECK(options.request_timeout == 60s);
  CHECK(good({"apply"}).timeout == 5min);
}

TEST_CASE("options of each command") {
  const auto plan = good({"plan", "-m", "x.yaml", "-w", "/w", "-s", "a", "-s", "b", "-o", "json",
                          "--detailed-exitcode", "-v", "--state-dir", "none"});
  CHECK(plan.command == config::Command::kPlan);
  CHECK(plan.sessions == std::vector<std::string>{"a", "b"});
  CHECK(plan.json);
  CHECK(plan.detailed_exitcode);
  CHECK(plan.verbose);
  CHECK(plan.state_dir == "none");
  CHECK(good({"apply", "--allow-deletes=abc", "--timeout", "10s"}).allow_deletes == "abc");
  CHECK(good({"run", "--settle", "10ms", "--listen", "off"}).settle == 10ms);
}

TEST_CASE("what cannot be understood exits 64 and says why") {
  CHECK(bad({}).code == 64);
  CHECK(bad({"frobnicate"}).code == 64);
  CHECK(bad({"plan", "--nope"}).code == 64);
  CHECK(bad({"plan", "--parallel", "0"}).code == 64);
  CHECK(bad({"run", "--settle", "soon"}).to_stderr.find("soon") != std::string::npos);
  CHECK(bad({"plan", "-o", "xml"}).code == 64);
}

TEST_CASE("log levels go by their names only") {
  CHECK(good({"run"}).log_level == os::LogLevel::kInfo);
  CHECK(good({"run", "--log-level", "warn"}).log_level == os::LogLevel::kWarning);
  CHECK(good({"run", "--log-level", "off"}).log_level == os::LogLevel::kOff);
  const auto unknown = bad({"run", "--log-level", "loud"});
  CHECK(unknown.code == 64);
  CHECK(unknown.to_stderr.find("loud not in {debug,error,info,off,warn}") != std::string::npos);
  CHECK(bad({"run", "--log-level", "0"}).code == 64);
}

TEST_CASE("help exits 0") {
  const auto help = bad({"--help"});
  CHECK(help.code == 0);
  CHECK(help.to_stdout.find("apply") != std::string::npos);
}

TEST_CASE("the environment fills in what the command line leaves out") {
  REQUIRE(setenv("SESSYNC_MANIFEST", "/etc/sessync", 1) == 0);
  CHECK(good({"plan"}).manifest == "/etc/sessync");
  CHECK(good({"plan", "-m", "here.yaml"}).manifest == "here.yaml");
  REQUIRE(unsetenv("SESSYNC_MANIFEST") == 0);
}
