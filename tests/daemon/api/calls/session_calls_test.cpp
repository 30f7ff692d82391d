#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "daemon/api/calls/calls.h"
#include "tests/daemon/api/api_fixture.h"
#include "tests/daemon/api/gate.h"
#include "tests/daemon/api/raw_server.h"

using namespace sessync;
using namespace sessync::test;
using Kind = ports::ApiError::Kind;
using nlohmann::json;

namespace {

using Sessions = std::vector<ports::SessionInfo>;
using Faults = std::vector<ports::SessionFault>;

const char* const kOrganization = "anthropic-organization-id: org_7\r\n";

ports::NewSession smallest() {
  ports::NewSession request;
  request.spec.agent_id = "agent_1";
  request.spec.environment_id = "env_1";
  return request;
}

ports::NewSession fullest() {
  ports::NewSession request = smallest();
  request.spec.agent_version = 3;
  request.spec.title = "";
  request.spec.vault_ids = {"vlt_1", "vlt_2"};
  request.metadata = {{"sessync", "key"}};
  request.files = {{"file_1", "/a.txt"}};
  request.repositories = {
      {"https://github.com/acme/a", "/a", manifest::BranchCheckout{"main"}, ports::Secret("hush")},
      {"https://github.com/acme/b", "/b", manifest::CommitCheckout{"c0ffee"}, std::nullopt},
      {"https://github.com/acme/c", "", std::nullopt, std::nullopt}};
  request.memory_stores = {{"memstore_1", "read_only", "Look here."},
                           {"memstore_2", "", std::nullopt}};
  return request;
}

const json kFullest = json::parse(R"({
  "agent": {"type": "agent", "id": "agent_1", "version": 3},
  "environment_id": "env_1", "title": "", "vault_ids": ["vlt_1", "vlt_2"],
  "metadata": {"sessync": "key"},
  "resources": [
    {"type": "file", "file_id": "file_1", "mount_path": "/a.txt"},
    {"type": "github_repository", "url": "https://github.com/acme/a", "mount_path": "/a",
     "checkout": {"type": "branch", "name": "main"}, "authorization_token": "hush"},
    {"type": "github_repository", "url": "https://github.com/acme/b", "mount_path": "/b",
     "checkout": {"type": "commit", "sha": "c0ffee"}},
    {"type": "github_repository", "url": "https://github.com/acme/c"},
    {"type": "memory_store", "memory_store_id": "memstore_1", "access": "read_only",
     "instructions": "Look here."},
    {"type": "memory_store", "memory_store_id": "memstore_2"}]})");

ports::Result<ports::CreatedSession> create(ApiFixture& fixture, const ports::NewSession& request) {
  return fixture.wait<ports::CreatedSession>(
      [&](auto done) { fixture.api.create_session(request, std::move(done)); });
}

ports::Result<ports::SessionInfo> update(ApiFixture& fixture, const ports::SessionUpdate& wanted) {
  return fixture.wait<ports::SessionInfo>(
      [&](auto done) { fixture.api.update_session(wanted, std::move(done)); });
}

ports::Result<Sessions> sessions(ApiFixture& fixture) {
  return fixture.wait<Sessions>([&](auto done) { fixture.api.list_sessions(std::move(done)); });
}

ports::Result<Faults> faults(ApiFixture& fixture, const std::string& since = "") {
  return fixture.wait<Faults>(
      [&](auto done) { fixture.api.list_faults("sesn_1", since, std::move(done)); });
}

std::string fault_json(const std::string& id, const std::string& error) {
  return R"({"id":")" + id + R"(","type":"session.error","processed_at":"2026-11-20T10:00:00Z")" +
         (error.empty() ? "" : R"(,"error":)" + error) + "}";
}

RawServer::Serve always_with(const std::string& body, int status = 200) {
  return answering(
      [body, status](const RawRequest&) { return raw_answer(status, body, kOrganization); });
}

}  // namespace

TEST_CASE("a create sends what is declared and nothing else") {
  const RawServer server(always_with(R"({"id":"sesn_1","status":"idle","resources":[]})"));
  ApiFixture fixture(options_for(server.url()));
  REQUIRE(create(fixture, fullest()));
  REQUIRE(create(fixture, smallest()));
  const auto requests = server.requests();
  CHECK(requests.at(0).method == "POST");
  CHECK(requests.at(0).target == "/v1/sessions");
  CHECK(json::parse(requests.at(0).body) == kFullest);
  CHECK(json::parse(requests.at(1).body) ==
        json{{"agent", "agent_1"}, {"environment_id", "env_1"}});
}

TEST_CASE("a created session is answered with its resources") {
  const std::string store = R"({"type":"memory_store","memory_store_id":"m"})";
  const RawServer server(
      always_with(R"({"id":"sesn_1","created_at":"2026-11-20T10:00:00Z","metadata":{"k":"v"},)"
                  R"("resources":[)" +
                  resource_json("a") + "," + store + "]}"));
  ApiFixture fixture(options_for(server.url()));
  const auto created = create(fixture, smallest());
  REQUIRE(created);
  CHECK(created->info.session_id == "sesn_1");
  CHECK(created->info.created_at == "2026-11-20T10:00:00Z");
  CHECK(created->info.organization_id == "org_7");
  CHECK(created->info.metadata.at("k") == "v");
  REQUIRE(created->rows.size() == 2);
  CHECK(std::get<ports::FileRow>(created->rows[0]).resource_id == "a");
  CHECK(std::get<ports::MemoryStoreRow>(created->rows[1]).memory_store_id == "m");
}

TEST_CASE("a create whose answer cannot be used is in doubt") {
  for (const char* const body :
       {"", "{}", R"({"id":"s"})", R"({"id":"s","resources":{}})",
        R"({"id":"s","resources":[{"type":"file","mount_path":"/a"}]})", R"({"resources":[]})"}) {
    const RawServer server(always_with(body));
    ApiFixture fixture(options_for(server.url()));
    INFO(body);
    const auto created = create(fixture, smallest());
    REQUIRE(!created);
    CHECK(created.error().kind == Kind::kUnknownOutcome);
    CHECK(created.error().organization_id == "org_7");
  }
}

TEST_CASE("a create may take ten minutes, other calls may not") {
  CHECK(api::create_session_call(smallest())->patience == std::chrono::minutes(10));
  CHECK(!api::update_session_call({"sesn_1", "title", {}})->patience);
  CHECK(!api::rotate_token_call({"sesn_1", "sesrsc_1", ports::Secret("t")})->patience);
}

TEST_CASE("a create that waits for its answer outlives the limits of other calls") {
  Gate creating;
  Gate reading;
  const RawServer server([&](RawConnection& connection) {
    RawRequest request;
    if (!connection.read(request)) return;
    (request.method == "POST" ? creating : reading).pass();
    connection.send(raw_answer(200, R"({"id":"sesn_1","resources":[]})"));
  });
  auto options = options_for(server.url());
  options.request_timeout = std::chrono::milliseconds(300);
  ApiFixture fixture(options);
  std::optional<ports::Result<ports::CreatedSession>> created;
  fixture.api.create_session(smallest(), [&](auto result) { created = std::move(result); });
  creating.wait_for_arrival();
  // Asked later, given up already.
  CHECK(fixture.session().error().kind == Kind::kUnusableAnswer);
  CHECK(!created);
  creating.open();
  fixture.drain();
  REQUIRE(created);
  CHECK(*created);
  reading.open();
}

TEST_CASE("an update sends what is given and nothing else") {
  const RawServer server(always_with(R"({"id":"sesn_1","title":"t"})"));
  ApiFixture fixture(options_for(server.url()));
  const auto session = update(fixture, {"sesn_1", "t", {{"k", "v"}}});
  REQUIRE(session);
  CHECK(session->title == "t");
  CHECK(session->organization_id == "org_7");
  REQUIRE(update(fixture, {"sesn_1", std::nullopt, {{"k", "v"}}}));
  const auto requests = server.requests();
  CHECK(requests.at(0).target == "/v1/sessions/sesn_1");
  CHECK(json::parse(requests.at(0).body) == json{{"title", "t"}, {"metadata", {{"k", "v"}}}});
  CHECK(json::parse(requests.at(1).body) == json{{"metadata", {{"k", "v"}}}});
  CHECK(update(fixture, {"", "t", {}}).error().kind == Kind::kInvalid);
}

TEST_CASE("every session is listed, archived ones included, page by page") {
  const RawServer server(answering([](const RawRequest& request) {
    const std::string first = "/v1/sessions?include_archived=true&limit=100";
    const std::string one = R"({"id":"a","created_at":"2026-11-20T10:00:00Z"})";
    const std::string two = R"({"id":"b","archived_at":"2026-11-20T11:00:00Z"})";
    if (request.target == first) return raw_answer(200, list_json(one, "p2"), kOrganization);
    if (request.target == first + "&page=p2") return raw_answer(200, list_json(one + "," + two));
    return raw_answer(400, "");
  }));
  ApiFixture fixture(options_for(server.url()));
  const auto listed = sessions(fixture);
  REQUIRE(listed);
  REQUIRE(listed->size() == 2);
  CHECK(listed->at(0).created_at == "2026-11-20T10:00:00Z");
  CHECK(listed->at(0).organization_id == "org_7");
  CHECK(listed->at(1).archived_at == "2026-11-20T11:00:00Z");
}

TEST_CASE("every upload is listed, a thousand at a time") {
  const RawServer server(answering([](const RawRequest& request) {
    const std::string first = "/v1/files?limit=1000";
    if (request.target == first) return raw_answer(200, list_json(file_json("a"), "p2"));
    if (request.target == first + "&page=p2") return raw_answer(200, list_json(file_json("b")));
    return raw_answer(400, "");
  }));
  ApiFixture fixture(options_for(server.url()));
  const auto files = fixture.wait<std::vector<ports::FileMetadata>>(
      [&](auto done) { fixture.api.list_uploads(std::move(done)); });
  REQUIRE(files);
  CHECK(files->size() == 2);
}

TEST_CASE("faults are asked for by type and time, page by page") {
  const RawServer server(answering([](const RawRequest& request) {
    const std::string first =
        "/v1/sessions/sesn_1/events?types%5B%5D=session.error&order=asc"
        "&created_at%5Bgt%5D=2026-11-20T10%3A00%3A00%2B01%3A00";
    if (request.target == first) return raw_answer(200, list_json(fault_json("e1", ""), "p2"));
    if (request.target == first + "&page=p2") {
      return raw_answer(200, list_json(fault_json("e2", "null")));
    }
    return raw_answer(400, "");
  }));
  ApiFixture fixture(options_for(server.url()));
  const auto listed = faults(fixture, "2026-11-20T10:00:00+01:00");
  REQUIRE(listed);
  CHECK(listed->size() == 2);
}

TEST_CASE("faults of any type are understood, other events left out") {
  const std::string known =
      R"({"type":"repository_authentication_error","repository_url":"https://github.com/a/b",)"
      R"("message":"no","retry_status":{"type":"retrying"}})";
  const std::string rows =
      fault_json("e1", known) + "," +
      fault_json("e2", R"({"type":"repository_melted_error","repository_url":null,"new":[1]})") +
      "," + fault_json("e3", "") + R"(,{"id":"e4","type":"session.status_idle"})";
  const RawServer server(always_with(list_json(rows)));
  ApiFixture fixture(options_for(server.url()));
  const auto listed = faults(fixture);
  REQUIRE(listed);
  REQUIRE(listed->size() == 3);
  CHECK(listed->at(0).event_id == "e1");
  CHECK(listed->at(0).processed_at == "2026-11-20T10:00:00Z");
  CHECK(listed->at(0).error_type == "repository_authentication_error");
  CHECK(listed->at(0).repository_url == "https://github.com/a/b");
  CHECK(listed->at(1).error_type == "repository_melted_error");
  CHECK(listed->at(1).repository_url.empty());
  CHECK(listed->at(2).error_type.empty());
}

TEST_CASE("faults that are not faults are no list") {
  for (
      const char* const rows :
      {"7", R"({"type":"session.error","processed_at":"2026-11-20T10:00:00Z"})",
       R"({"type":"session.error","id":"e","created_at":"2026-11-20T10:00:00Z"})",
       R"({"type":"session.error","id":"e","processed_at":"yesterday"})",
       R"({"type":"session.error","id":"e","processed_at":"2026-11-20T10:00:00Z","error":{"type":7}})",
       R"({"type":7,"id":"e"})"}) {
    const RawServer server(always_with(list_json(rows)));
    ApiFixture fixture(options_for(server.url()));
    INFO(rows);
    CHECK(faults(fixture).error().kind == Kind::kUnusableAnswer);
  }
}

TEST_CASE("an error says which organization answered") {
  const RawServer server(always_with(error_json("permission_error", "no"), 403));
  ApiFixture fixture(options_for(server.url()));
  CHECK(create(fixture, smallest()).error().organization_id == "org_7");
  CHECK(sessions(fixture).error().organization_id == "org_7");
  CHECK(fixture.list().error().organization_id == "org_7");
}
