#include <catch2/catch.hpp>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "tests/double/http/http_server.h"

namespace sessync {

namespace {

using nlohmann::json;

const char* const kSessionsBeta = "managed-agents-2026-04-01";

struct WireAnswer {
  int status = 0;  ///< 0: there was none
  json body;
  httplib::Headers headers;
};

/// A double and a client that sends what it is told.
struct Wire {
  DoubleServer server;
  httplib::Client client{"127.0.0.1", server.port()};
  httplib::Headers headers = {
      {"x-api-key", "key"}, {"anthropic-version", "2023-06-01"}, {"anthropic-beta", kSessionsBeta}};
  std::string session;

  explicit Wire(const DoubleOptions& options = {}) : server(options) {
    client.set_tcp_nodelay(true);
    client.set_keep_alive(true);
  }

  static WireAnswer read(const httplib::Result& result) {
    if (!result) {
      return {};
    }
    return {result->status, json::parse(result->body, nullptr, false), result->headers};
  }
  WireAnswer get(const std::string& path) { return read(client.Get(path, headers)); }
  WireAnswer post(const std::string& path, const json& body) {
    return read(client.Post(path, headers, body.dump(), "application/json"));
  }
  WireAnswer remove(const std::string& path) { return read(client.Delete(path, headers)); }
  std::string upload(const std::string& name, const std::string& bytes) {
    return upload_part({"file", bytes, name, "text/plain"}).body.at("id");
  }
  WireAnswer upload_part(const httplib::MultipartFormData& part) {
    return read(client.Post("/v1/files", headers, httplib::MultipartFormDataItems{part}));
  }
  std::string create() {
    session =
        post("/v1/sessions", {{"agent", "agent_1"}, {"environment_id", "env_1"}}).body.at("id");
    return "/v1/sessions/" + session;
  }
  void set_header(const std::string& name, const std::string& value) {
    headers.erase(name);
    if (!value.empty()) {
      headers.emplace(name, value);
    }
  }
  void fault(const json& rule) { REQUIRE(post("/_double/faults", rule).status == 200); }
};

std::string message(const WireAnswer& answer) { return answer.body.at("error").at("message"); }

}  // namespace

TEST_CASE("every refusal is an envelope with a request id") {
  Wire wire;
  const auto gone = wire.get("/v1/files/file_gone");
  CHECK(gone.status == 404);
  CHECK(gone.body.at("type") == "error");
  CHECK(gone.body.at("error").at("type") == "not_found_error");
  CHECK(gone.body.at("request_id") == gone.headers.find("request-id")->second);
  CHECK(gone.headers.find("x-should-retry")->second == "false");
  CHECK(wire.get("/v1/nonsense").status == 404);
  CHECK(wire.remove("/v1/files").status == 405);
}

TEST_CASE("credentials and version are required") {
  DoubleOptions options;
  options.api_key = "right";
  Wire wire(options);
  CHECK(wire.get("/v1/files").status == 401);
  wire.set_header("x-api-key", "right");
  CHECK(wire.get("/v1/files").status == 200);
  wire.set_header("x-api-key", "");
  CHECK(wire.get("/v1/files").status == 401);
  wire.set_header("authorization", "Bearer right");
  CHECK(wire.get("/v1/files").status == 200);
  wire.set_header("anthropic-version", "");
  CHECK(wire.get("/v1/files").status == 400);
}

TEST_CASE("the beta header is required where the API requires it") {
  Wire wire;
  const auto session = wire.create();
  wire.set_header("anthropic-beta", "");
  CHECK(wire.get("/v1/files").status == 200);
  CHECK(wire.get("/v1/files?scope_id=" + wire.session).status == 400);
  CHECK(wire.get(session).status == 400);
  wire.set_header("anthropic-beta", "made-up");
  CHECK(message(wire.get("/v1/files")) ==
        "Unexpected value(s) `made-up` for the `anthropic-beta` header");
  wire.set_header("anthropic-beta", std::string("agent-memory-2026-07-22, ") + kSessionsBeta);
  CHECK(wire.get(session).status == 400);
  wire.set_header("anthropic-beta", std::string("oauth-2025-04-20,") + kSessionsBeta);
  CHECK(wire.get(session).status == 200);
}

TEST_CASE("the old header selects the old list") {
  Wire wire;
  const auto first = wire.upload("a", "x");
  const auto second = wire.upload("b", "y");
  wire.set_header("anthropic-beta", "files-api-2025-04-14");
  auto list = wire.get("/v1/files?limit=1").body;
  CHECK(list.at("has_more") == true);
  CHECK(list.at("last_id") == second);
  list = wire.get("/v1/files?limit=1&after_id=" + second).body;
  CHECK(list.at("has_more") == false);
  CHECK(list.at("first_id") == first);
  CHECK(wire.upload_part({"file", "x", "a", ""}).status == 400);
  wire.set_header("anthropic-beta", "");
  CHECK(wire.upload_part({"file", "x", "a", ""}).status == 200);
}

TEST_CASE("nothing unknown is accepted") {
  Wire wire;
  const auto session = wire.create();
  const auto file = wire.upload("a", "x");
  CHECK(message(wire.post("/v1/sessions", {{"agent", "a"}, {"nonsense", 1}})) ==
        "Failed to parse request body: unknown field \"nonsense\"");
  CHECK(wire.post(session + "/resources", {{"type", "file"}, {"file_id", file}, {"x", 1}}).status ==
        400);
  CHECK(message(wire.post(session + "/resources", {{"type", "memory_store"}})) ==
        "Failed to parse request: type: \"memory_store\" is not a valid value");
  CHECK(wire.post(session + "/resources", {{"type", "file"}, {"file_id", 7}}).status == 400);
  CHECK(wire.get(session + "/resources?nonsense=1").status == 400);
  CHECK(wire.get("/v1/sessions?nonsense=1").status == 400);
  CHECK(wire.get(session + "/resources?limit=0").status == 400);
  CHECK(wire.post(session, {{"resources", json::array()}}).status == 400);
  CHECK(wire.post(session, {{"vault_ids", json::array()}}).status == 400);
}

TEST_CASE("the last page says so, each family in its own way") {
  Wire wire;
  const auto session = wire.create();
  const auto file = wire.upload("a", "x");
  for (const char* path : {"/1", "/2"}) {
    const json body = {{"type", "file"}, {"file_id", file}, {"mount_path", path}};
    REQUIRE(wire.post(session + "/resources", body).status == 200);
  }
  CHECK(wire.get("/v1/files").body.at("next_page").is_null());
  CHECK(wire.get("/v1/files").body.at("data").size() == 1);  // copies are hidden
  CHECK_FALSE(wire.get(session + "/resources").body.contains("next_page"));
  const auto page = wire.get(session + "/resources?limit=1").body;
  const auto last =
      wire.get(session + "/resources?limit=1&page=" + page.at("next_page").get<std::string>());
  CHECK_FALSE(last.body.contains("next_page"));
  CHECK(last.body.at("data").at(0) != page.at("data").at(0));
  CHECK(wire.get(session + "/resources?page=nonsense").status == 400);
}

TEST_CASE("a token is in no answer") {
  Wire wire;
  const json repository = {{"type", "github_repository"},
                           {"url", "https://github.com/acme/app"},
                           {"authorization_token", "hush-1"}};
  const auto created = wire.post(
      "/v1/sessions",
      {{"agent", "a"}, {"environment_id", "e"}, {"resources", json::array({repository})}});
  const std::string session = "/v1/sessions/" + created.body.at("id").get<std::string>();
  const std::string row = created.body.at("resources").at(0).at("id");
  const auto rotated =
      wire.post(session + "/resources/" + row, {{"authorization_token", "hush-2"}});
  CHECK(rotated.status == 200);
  for (const auto& answer : {created, rotated, wire.get(session), wire.get(session + "/resources"),
                             wire.get("/_double/requests")}) {
    CHECK(answer.body.dump().find("hush") == std::string::npos);
  }
}

TEST_CASE("a cut connection ends without an answer, before or after the effect") {
  Wire wire;
  wire.client.set_keep_alive(false);
  wire.fault({{"operation", "upload"}, {"kind", "cut_before"}, {"times", 1}});
  CHECK(wire.upload_part({"file", std::string(1'000'000, 'x'), "a", "text/plain"}).status == 0);
  CHECK(wire.get("/_double/uploads").body.empty());
  wire.fault({{"operation", "upload"}, {"kind", "cut_after"}, {"times", 1}});
  CHECK(wire.upload_part({"file", "x", "a", "text/plain"}).status == 0);
  CHECK(wire.get("/_double/uploads").body.size() == 1);
}

TEST_CASE("an effect that is late waits for the double's clock") {
  Wire wire;
  const auto session = wire.create();
  const json body = {{"type", "file"}, {"file_id", wire.upload("a", "x")}};
  wire.client.set_keep_alive(false);
  wire.fault({{"operation", "add"}, {"kind", "late_effect"}, {"delay_ms", 3'600'000}});
  CHECK(wire.post(session + "/resources", body).status == 0);
  const std::string held = "/_double/held?session_id=" + wire.session;
  CHECK(wire.get(held).body.empty());
  wire.post("/_double/clock", {{"advance_ms", 3'600'001}});
  CHECK(wire.get(held).body.size() == 1);
}

TEST_CASE("faults are sent as they were asked for") {
  Wire wire;
  wire.fault({{"operation", "list_files"},
              {"status", 429},
              {"headers", {{"retry-after", "soon"}, {"retry-after-ms", "-1"}}},
              {"error_code", "enforced_spend_limit_reached"},
              {"times", 1}});
  const auto refused = wire.get("/v1/files");
  CHECK(refused.status == 429);
  CHECK(refused.headers.find("retry-after")->second == "soon");
  CHECK(refused.body.at("error").at("type") == "rate_limit_error");
  CHECK(refused.body.at("error").at("details").at("error_code") == "enforced_spend_limit_reached");
  wire.fault({{"operation", "list_files"}, {"status", 413}, {"html", true}});
  const auto page = wire.client.Get("/v1/files", wire.headers);
  REQUIRE(page);
  CHECK(page->status == 413);
  CHECK(page->body.starts_with("<html>"));
  wire.fault(json::array());
  CHECK(wire.get("/v1/files").status == 200);
}

TEST_CASE("bodies end early, never, or are no JSON") {
  Wire wire;
  wire.client.set_keep_alive(false);
  wire.fault({{"operation", "list_files"}, {"kind", "truncated_body"}});
  CHECK(wire.get("/v1/files").status == 0);
  wire.fault({{"operation", "list_files"}, {"kind", "not_json"}});
  const auto odd = wire.get("/v1/files");
  CHECK(odd.status == 200);
  CHECK(odd.body.is_discarded());
  wire.fault({{"operation", "list_files"}, {"kind", "endless_body"}});
  std::size_t received = 0;
  const auto endless = wire.client.Get("/v1/files", wire.headers, [&](const char*, std::size_t n) {
    received += n;
    return received < 5;
  });
  CHECK_FALSE(endless);
  CHECK(received >= 5);
}

TEST_CASE("lists can be given empty pages and cursors that repeat") {
  Wire wire;
  const auto id = wire.upload("a", "x");
  wire.fault({{"operation", "list_files"}, {"kind", "empty_page"}, {"times", 1}});
  const auto empty = wire.get("/v1/files").body;
  CHECK(empty.at("data").empty());
  const std::string cursor = empty.at("next_page");
  CHECK(wire.get("/v1/files?page=" + cursor).body.at("data").at(0).at("id") == id);
  wire.fault({{"operation", "list_files"}, {"kind", "repeated_cursor"}});
  const auto first = wire.get("/v1/files").body;
  CHECK(wire.get("/v1/files?page=" + first.at("next_page").get<std::string>()).body == first);
}

TEST_CASE("what was asked is counted, switches and times are set") {
  Wire wire;
  wire.create();
  wire.upload("a", "x");
  auto requests = wire.get("/_double/requests").body;
  CHECK(requests.at("counts").at("upload") == 1);
  CHECK(requests.at("writes") == 2);
  CHECK(requests.at("log").at(1).at("request") == "POST /v1/files");
  wire.post("/_double/requests/reset", {});
  CHECK(wire.get("/_double/requests").body.at("total") == 0);
  CHECK(wire.post("/_double/switches", {{"duplicate_mount", "shadow"}, {"file_cap", 3}}).status ==
        200);
  CHECK(wire.get("/_double/switches").body.at("file_cap") == 3);
  CHECK(wire.post("/_double/switches", {{"duplicate_mount", "maybe"}}).status == 400);
  CHECK(wire.post("/_double/faults", {{"operation", "nonsense"}}).status == 400);
  CHECK(wire.get("/_double/held?session_id=sesn_gone").status == 400);
}

TEST_CASE("a server ends at once although a connection is idle and a body endless") {
  auto server = std::make_unique<DoubleServer>();
  httplib::Client idle("127.0.0.1", server->port());
  idle.set_keep_alive(true);
  REQUIRE(idle.Get("/_double/requests"));
  server->with([](DoubleWorld& world) {
    FaultRule rule;
    rule.fault = Fault::of(Fault::Kind::kEndlessBody);
    world.faults.add(rule);
  });
  httplib::Client client("127.0.0.1", server->port());
  const httplib::Headers headers = {{"x-api-key", "k"}, {"anthropic-version", "2023-06-01"}};
  const auto cut = client.Get("/v1/files", headers, [&](const char*, std::size_t) {
    server.reset();  // waits for every connection to end
    return true;
  });
  CHECK_FALSE(cut);
  CHECK(server == nullptr);
}

TEST_CASE("A form may end with its last boundary or with a line end, and must have one") {
  Wire wire;
  const std::string form =
      "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n"
      "content-type: text/plain\r\n\r\na\r\n--c\r\n--b--";
  const auto send = [&](const std::string& body) {
    return Wire::read(
        wire.client.Post("/v1/files", wire.headers, body, "multipart/form-data; boundary=b"));
  };
  for (const char* const end : {"", "\r\n", "\r\nsomething that counts for nothing"}) {
    const auto answer = send(form + end);
    CHECK(answer.status == 200);
    CHECK(answer.body.at("filename") == "a.txt");
    CHECK(answer.body.at("mime_type") == "text/plain");
    CHECK(answer.body.at("size_bytes") == std::string("a\r\n--c").size());
  }
  CHECK(send(form.substr(0, form.size() - 4)).status == 400);
  CHECK(send("").status == 400);
}

}  // namespace sessync
