#include <algorithm>
#include <atomic>

#include <catch2/catch.hpp>

#include "tests/daemon/api/api_fixture.h"
#include "tests/daemon/api/raw_server.h"

using namespace sessync;
using namespace sessync::test;
using Kind = ports::ApiError::Kind;

namespace {

using Files = std::vector<ports::FileMetadata>;

ports::Result<Files> find(ApiFixture& fixture, const std::vector<std::string>& ids) {
  return fixture.wait<Files>([&](auto done) { fixture.api.find_files(ids, std::move(done)); });
}

ports::Result<Files> session_files(ApiFixture& fixture) {
  return fixture.wait<Files>(
      [&](auto done) { fixture.api.list_session_files("sesn_1", std::move(done)); });
}

std::string query_of(const std::string& target) { return target.substr(target.find('?') + 1); }

/// The files that a search asks for all exist, except those whose id ends in 7.
std::string found_files(const RawRequest& request) {
  std::string rows;
  auto query = query_of(request.target) + "&";
  while (!query.empty()) {
    const auto id = query.substr(query.find('=') + 1, query.find('&') - query.find('=') - 1);
    query.erase(0, query.find('&') + 1);
    if (!id.ends_with('7')) rows += (rows.empty() ? "" : ",") + file_json(id);
  }
  return raw_answer(200, list_json(rows));
}

}  // namespace

TEST_CASE("what time it was at the API is known of every file, if it says so") {
  const ports::TimePoint when{std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) +
                              std::chrono::hours(10)};
  for (const bool says : {true, false}) {
    const RawServer server(answering([says](const RawRequest& /*request*/) {
      return raw_answer(200, list_json(file_json("a")),
                        says ? "Date: Fri, 20 Nov 2026 10:00:00 GMT\r\n" : "");
    }));
    ApiFixture fixture(options_for(server.url()));
    const auto expected = says ? std::optional(when) : std::nullopt;
    CHECK(session_files(fixture)->at(0).answered_at == expected);
    CHECK(find(fixture, {"a"})->at(0).answered_at == expected);
  }
}

TEST_CASE("a list is all its pages, each row once, without a limit") {
  const RawServer server(answering([](const RawRequest& request) {
    const auto& target = request.target;
    const std::string path = "/v1/sessions/sesn_1/resources";
    if (target == path) {
      return raw_answer(200, list_json(resource_json("a") + "," + resource_json("b"), "p+2/="));
    }
    if (target == path + "?page=p%2B2%2F%3D") return raw_answer(200, list_json("", "p3"));
    if (target == path + "?page=p3") {
      const std::string store = R"({"type":"memory_store","memory_store_id":"m"})";
      const std::string nameless = R"({"type":"memory_store"})";
      return raw_answer(200, list_json(resource_json("b") + "," + store + "," + store + "," +
                                       nameless + "," + nameless));
    }
    return raw_answer(400, error_json("invalid_request_error", target));
  }));
  ApiFixture fixture(options_for(server.url()));
  const auto rows = fixture.list();
  REQUIRE(rows);
  REQUIRE(rows->size() == 5);
  CHECK(std::get<ports::FileRow>((*rows)[0]).resource_id == "a");
  CHECK(std::get<ports::FileRow>((*rows)[1]).resource_id == "b");
  CHECK(std::get<ports::MemoryStoreRow>((*rows)[2]).memory_store_id == "m");
}

TEST_CASE("a list whose cursor repeats is an error, not short") {
  std::atomic<int> pages = 0;
  const RawServer server(answering([&](const RawRequest&) {
    const std::string cursor = ++pages % 2 == 0 ? "even" : "odd";
    return raw_answer(200, list_json("", cursor));
  }));
  ApiFixture fixture(options_for(server.url()));
  CHECK(fixture.list().error().kind == Kind::kUnusableAnswer);
  CHECK(server.requests().size() == 3);
}

TEST_CASE("a list that never ends is an error") {
  std::atomic<int> pages = 0;
  const RawServer server(answering([&](const RawRequest&) {
    return raw_answer(200, list_json("", "page_" + std::to_string(++pages)));
  }));
  ApiFixture fixture(options_for(server.url()));
  CHECK(fixture.list().error().kind == Kind::kUnusableAnswer);
}

TEST_CASE("a list that fails on a later page is an error") {
  const RawServer server(answering([](const RawRequest& request) {
    if (request.target.find("page=") != std::string::npos) return raw_answer(500, "oops");
    return raw_answer(200, list_json(resource_json("a"), "p2"));
  }));
  ApiFixture fixture(options_for(server.url()));
  CHECK(fixture.list().error().kind == Kind::kUnusableAnswer);
}

TEST_CASE("no data is not an empty list") {
  for (const char* const body :
       {"{}", R"({"data":null})", R"({"data":{}})", R"({"data":[1]})", "[]", "null", "",
        R"({"data":[{"type":"file","id":1}]})", R"({"data":[],"next_page":7})",
        R"({"data":[],"has_more":true,"last_id":"x"})"}) {
    const RawServer server(answering([&](const RawRequest&) { return raw_answer(200, body); }));
    ApiFixture fixture(options_for(server.url()));
    INFO(body);
    CHECK(fixture.list().error().kind == Kind::kUnusableAnswer);
    CHECK(session_files(fixture).error().kind == Kind::kUnusableAnswer);
  }
}

TEST_CASE("a session's files are asked for by scope, with the beta header, all pages") {
  const RawServer server(answering([](const RawRequest& request) {
    const bool first = request.target == "/v1/files?scope_id=sesn_1&limit=1000";
    const bool second = request.target == "/v1/files?scope_id=sesn_1&limit=1000&page=p2";
    if (first) return raw_answer(200, list_json(file_json("a"), "p2"));
    if (second) return raw_answer(200, list_json(file_json("b")));
    return raw_answer(400, error_json("invalid_request_error", "unexpected"));
  }));
  ApiFixture fixture(options_for(server.url()));
  const auto files = session_files(fixture);
  REQUIRE(files);
  CHECK(files->size() == 2);
  for (const auto& request : server.requests()) {
    CHECK(request.headers.at("anthropic-beta") == "managed-agents-2026-04-01");
  }
}

TEST_CASE("a hundred files are searched for with one call, each once, and no more") {
  const RawServer server(answering(&found_files));
  ApiFixture fixture(options_for(server.url()));
  std::vector<std::string> ids{"file_files"};
  ids.reserve(128);
  for (int i = 1; i < 100; ++i) ids.push_back("file_" + std::to_string(i));
  ids.emplace_back("file_1");
  const auto files = find(fixture, ids);
  REQUIRE(files);
  CHECK(files->size() == 90);
  REQUIRE(server.requests().size() == 1);
  const auto target = server.requests().at(0).target;
  CHECK(std::ranges::count(target, '=') == 100);
  CHECK(std::ranges::count(target, '?') == 1);
  CHECK(target.starts_with("/v1/files?ids%5B%5D=file_"));
  ids.emplace_back("file_100");
  CHECK(find(fixture, ids).error().kind == Kind::kInvalid);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("a search for nothing asks nobody and completes later") {
  const RawServer server(answering(&found_files));
  ApiFixture fixture(options_for(server.url()));
  bool done = false;
  fixture.api.find_files(
      {}, [&](const ports::Result<Files>& files) { done = files && files->empty(); });
  CHECK(!done);
  fixture.drain();
  CHECK(done);
  CHECK(server.requests().empty());
}

TEST_CASE("a server that ignores the ids does not make files look missing") {
  const RawServer server(answering(
      [](const RawRequest&) { return raw_answer(200, list_json(file_json("file_other"))); }));
  ApiFixture fixture(options_for(server.url()));
  const auto error = find(fixture, {"file_1"}).error();
  CHECK(error.kind == Kind::kUnusableAnswer);
  CHECK(error.http_status == 200);
}

TEST_CASE("a search whose answer has more pages is no answer") {
  const RawServer server(answering(
      [](const RawRequest&) { return raw_answer(200, list_json(file_json("file_1"), "p2")); }));
  ApiFixture fixture(options_for(server.url()));
  CHECK(find(fixture, {"file_1"}).error().kind == Kind::kUnusableAnswer);
}
