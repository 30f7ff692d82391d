#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/daemon/api/api_fixture.h"
#include "tests/daemon/api/gate.h"
#include "tests/daemon/api/raw_server.h"

using namespace sessync;
using namespace sessync::test;
using Kind = ports::ApiError::Kind;

namespace {

const std::string kRefusal = error_json("rate_limit_error", "slow down");

/// Refuses the first read with these headers, then answers.
RawServer::Serve refusing_first_read(std::atomic<int>& reads, const std::string& headers) {
  return answering([&reads, headers](const RawRequest& request) {
    if (request.target.starts_with("/v1/files/")) return raw_answer(200, file_json("file_1"));
    if (request.method == "POST") return raw_answer(200, resource_json("sesrsc_1"));
    return ++reads == 1 ? raw_answer(429, kRefusal, headers)
                        : raw_answer(200, R"({"id":"sesn_1"})");
  });
}

}  // namespace

TEST_CASE("a refusal closes its class for every session and leaves the others open") {
  std::atomic<int> reads = 0;
  const RawServer server(refusing_first_read(reads, "Retry-After: 3600\r\n"));
  ApiFixture fixture(options_for(server.url()));
  const auto refused = fixture.session("sesn_1").error();
  CHECK(refused.kind == Kind::kRateLimited);
  CHECK(refused.retry_after == std::chrono::seconds(3600));
  bool answered = false;
  fixture.api.get_session("sesn_2",
                          [&](const ports::Result<ports::SessionInfo>&) { answered = true; });
  CHECK(fixture.file());
  CHECK(fixture.add());
  CHECK(!answered);
  CHECK(reads == 1);
}

TEST_CASE("calls held back by a refusal are sent when it is over") {
  for (const char* const headers :
       {"retry-after-ms: 20\r\nRetry-After: 3600\r\n", "Retry-After: 1\r\n"}) {
    std::atomic<int> reads = 0;
    const RawServer server(refusing_first_read(reads, headers));
    ApiFixture fixture(options_for(server.url()));
    CHECK(fixture.session().error().kind == Kind::kRateLimited);
    CHECK(fixture.session());
    CHECK(reads == 2);
  }
}

TEST_CASE("permits reserved earlier wait for no permit, but for the end of a refusal") {
  std::atomic<int> deletes = 0;
  const RawServer server(answering([&](const RawRequest& request) {
    if (request.method == "DELETE" && ++deletes == 1) {
      return raw_answer(429, kRefusal, "Retry-After: 3600\r\n");
    }
    return raw_answer(200, R"({"id":"sesn_1"})");
  }));
  auto options = options_for(server.url());
  options.max_rates.writes = 0.001;
  ApiFixture fixture(options);
  bool ready = false;
  fixture.api.reserve_writes(2, [&] { ready = true; });
  CHECK(!ready);
  fixture.drain();
  REQUIRE(ready);
  const auto remove = [&](ports::Permit permit, ports::Completion<ports::Done> done) {
    fixture.api.delete_resource("sesn_1", "sesrsc_1", {permit}, std::move(done));
  };
  const auto first = fixture.wait<ports::Done>(
      [&](auto done) { remove(ports::Permit::kReserved, std::move(done)); });
  CHECK(first.error().kind == Kind::kRateLimited);
  bool answered = false;
  remove(ports::Permit::kReserved, [&](const ports::Result<ports::Done>&) { answered = true; });
  CHECK(fixture.session());
  CHECK(!answered);
  CHECK(deletes == 1);
}

TEST_CASE("permits that are free do not wait for the API thread, nor come inside the call") {
  const RawServer server(answering([](const RawRequest&) { return raw_answer(200, "{}"); }));
  Gate gate;  // outlives the thread that passes it
  ApiFixture fixture(options_for(server.url()));
  fixture.thread.run([&](api::RequestEngine&) { gate.pass(); });
  gate.wait_for_arrival();
  std::thread::id runs_on;
  fixture.api.reserve_writes(2, [&] { runs_on = std::this_thread::get_id(); });
  CHECK(runs_on == std::thread::id());
  REQUIRE(fixture.queue.run_one());  // or the test would hang
  CHECK(runs_on == std::this_thread::get_id());
  CHECK_FALSE(fixture.api.limited_until());
  gate.open();
}

TEST_CASE("whoever asked for a permit first has it first, be the API thread as late as it will") {
  const RawServer server(answering([](const RawRequest&) { return raw_answer(200, "{}"); }));
  auto options = options_for(server.url());
  options.max_rates.writes = 0.001;
  Gate gate;  // outlives the thread that passes it
  ApiFixture fixture(options);
  fixture.thread.run([&](api::RequestEngine&) { gate.pass(); });
  gate.wait_for_arrival();
  bool removed = false;
  fixture.api.delete_resource(
      "sesn_1", "sesrsc_1", {ports::Permit::kTake},
      [&](const ports::Result<ports::Done>& done) { removed = done.has_value(); });
  os::CompletionQueue queue;
  api::HttpSessionApi later(fixture.thread, queue);
  bool ready = false;
  later.reserve_writes(2, [&] { ready = true; });
  gate.open();
  fixture.drain();
  CHECK(removed);
  settle(fixture.thread);
  queue.after(ports::Duration{0}, [] {});
  REQUIRE(queue.run_one());  // what was posted would come first
  CHECK_FALSE(ready);
}

TEST_CASE("permits are there at once for whoever comes after the end") {
  const RawServer server(answering([](const RawRequest&) { return raw_answer(200, "{}"); }));
  auto options = options_for(server.url());
  options.max_rates.writes = 0.001;
  ApiFixture fixture(options);
  fixture.thread.run([](api::RequestEngine& engine) { engine.shut(); });
  for (int i = 0; i < 3; ++i) {
    bool ready = false;
    fixture.api.reserve_writes(2, [&] { ready = true; });
    fixture.drain();
    CHECK(ready);
  }
}

TEST_CASE("a configured rate holds calls back from the start") {
  const RawServer server(
      answering([](const RawRequest&) { return raw_answer(200, R"({"id":"sesn_1"})"); }));
  auto options = options_for(server.url());
  options.max_rates.reads = 0.001;
  ApiFixture fixture(options);
  REQUIRE(fixture.session());
  fixture.api.get_session("sesn_2", [](const ports::Result<ports::SessionInfo>&) {});
  CHECK(fixture.remove());
  CHECK(server.count("GET") == 1);
}

TEST_CASE("finished requests are reported") {
  const RawServer server(answering([](const RawRequest& request) {
    return request.method == "POST" ? raw_answer(200, file_json("file_1", 70000))
                                    : raw_answer(404, error_json("not_found_error", "no"));
  }));
  std::vector<api::RequestReport> reports;
  api::ApiHooks hooks;
  hooks.finished = [&](const api::RequestReport& report) { reports.push_back(report); };
  ApiFixture fixture(options_for(server.url()), hooks);
  REQUIRE(fixture.upload(upload_of("aa", 70000)));
  CHECK(!fixture.session());
  REQUIRE(reports.size() == 2);
  CHECK(reports[0].operation == "upload");
  CHECK(reports[0].http_status == 200);
  CHECK(reports[0].rate_class == schedule::RateClass::kFiles);
  CHECK(reports[0].sent_bytes > 70000);
  CHECK(reports[0].received_bytes > 0);
  CHECK(reports[1].operation == "get_session");
  CHECK(reports[1].http_status == 404);
}
