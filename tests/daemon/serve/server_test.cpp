#include <chrono>
#include <future>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "daemon/remote/client.h"
#include "daemon/remote/proof.h"
#include "tests/daemon/os/temp_tree.h"
#include "tests/daemon/serve/server_fixture.h"

/// The server as clients meet it: real sockets, the real routes, a board that tests write on.
namespace sessync::test {
namespace {

std::string header_of(const std::string& answer, const std::string& name) {
  const auto start = answer.find("\r\n" + name + ": ");
  const auto value = start + name.size() + 4;
  return start == std::string::npos ? "" : answer.substr(value, answer.find("\r\n", value) - value);
}

nlohmann::json json_of(const std::string& answer) { return nlohmann::json::parse(body_of(answer)); }

void make_ready(status::StatusBoard& board) {
  board.watching("/w");
  finish(board, "a", {}, at(1));
  finish(board, "b", failed(errors::SessionError::Code::kAuthenticationFailed), at(1));
}

}  // namespace

TEST_CASE("every path is served as what it is") {
  const ServedBoard served;
  const auto type_of = [&](const char* path) {
    const auto answer = served.ask(get(path));
    CHECK(status_of(answer) == 200);
    CHECK(header_of(answer, "X-Content-Type-Options") == "nosniff");
    return header_of(answer, "Content-Type");
  };
  CHECK(type_of("/livez") == "text/plain; charset=utf-8");
  CHECK(type_of("/metrics") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(type_of("/api/v1/status") == "application/json");
  CHECK(type_of("/") == "text/html; charset=utf-8");
  CHECK(type_of("/?filter=a") == "text/html; charset=utf-8");
  CHECK(body_of(served.ask(get("/metrics"))) == "metric 1\n");
  CHECK(json_of(served.ask(get("/api/v1/status")))["sessions"].size() == 2);
}

TEST_CASE("a long document goes packed to whoever takes that") {
  const ServedBoard served;
  const auto plain = served.ask(get("/", "Accept-Encoding: gzip;q=0\r\n"));
  CHECK(header_of(plain, "Content-Encoding").empty());
  const auto packed = served.ask(get("/", "Accept-Encoding: gzip, br\r\n"));
  CHECK(header_of(packed, "Content-Encoding") == "gzip");
  CHECK(header_of(packed, "Vary") == "Accept-Encoding");
  CHECK(body_of(packed).starts_with("\x1f\x8b"));
  CHECK(body_of(packed).size() == std::stoul(header_of(packed, "Content-Length")));
  CHECK(body_of(packed).size() < body_of(plain).size() / 2);
  CHECK(header_of(served.ask(get("/livez", "Accept-Encoding: gzip\r\n")), "Vary").empty());
  const remote::DaemonClient client = served.client();
  CHECK(client.get("/").value().body.starts_with("<!"));
}

TEST_CASE("a proof holds for one challenge on one connection, and needs the nonce") {
  const ServedBoard served;
  const auto challenge = remote::random_digits();
  CHECK(served.client().get("/livez"));
  const remote::DaemonClient stranger(http::parse_listen_address(served.address).value(),
                                      ports::Secret("another"));
  REQUIRE_FALSE(stranger.get("/livez"));
  CHECK(has(stranger.get("/livez").error(), "is not the daemon"));
  const auto one = body_of(served.ask(get(remote::kProofPath + challenge)));
  CHECK(has(one, "proof"));
  CHECK(one != body_of(served.ask(get(remote::kProofPath + challenge))));
  CHECK(status_of(served.ask(get(remote::kProofPath + challenge.substr(1)))) == 404);
  CHECK(remote::proof_of(ports::Secret("a"), challenge, "x y") ==
        remote::proof_of(ports::Secret("a"), challenge, "x y"));
  CHECK(remote::proof_of(ports::Secret("a"), challenge, "x y") !=
        remote::proof_of(ports::Secret("b"), challenge, "x y"));
  CHECK(remote::proof_of(ports::Secret("a"), challenge, "x y") !=
        remote::proof_of(ports::Secret("a"), challenge, "x z"));
}

TEST_CASE("the page runs nothing but its own") {
  const ServedBoard served;
  const auto page = served.ask(get("/"));
  CHECK(has(header_of(page, "Content-Security-Policy"), "default-src 'none'"));
  CHECK(header_of(page, "Referrer-Policy") == "no-referrer");
  CHECK(header_of(page, "Cache-Control") == "no-store");
}

TEST_CASE("readiness follows the board, and names problems either way") {
  ServedBoard served;
  const auto before = served.ask(get("/readyz"));
  CHECK(status_of(before) == 503);
  CHECK(has(body_of(before), "not ready\n"));
  make_ready(served.board);
  const auto after = served.ask(get("/readyz"));
  CHECK(status_of(after) == 200);
  CHECK(has(body_of(after), "b: AuthenticationFailed"));
  CHECK(status_of(served.ask(get("/livez"))) == 200);
}

TEST_CASE("unknown paths and wrong methods are refused in JSON") {
  const ServedBoard served;
  const auto refused = [&](const std::string& request) {
    const auto answer = served.ask(request);
    CHECK(json_of(answer)["error"]["message"].is_string());
    return std::to_string(status_of(answer)) + header_of(answer, "Allow");
  };
  CHECK(refused(get("/nothing")) == "404");
  CHECK(refused(get("/livez/")) == "404");
  CHECK(refused(get("/api/v1/sessions/a")) == "404");
  CHECK(refused(post("/api/v1/sessions//suspend")) == "404");
  CHECK(refused(post("/api/v1/sessions/a/explode")) == "404");
  CHECK(refused(post("/livez")) == "405GET, HEAD");
  CHECK(refused(get("/api/v1/sessions/a/suspend")) == "405POST");
  CHECK(refused("DELETE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") ==
        "405GET, HEAD");
  CHECK(refused("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n") == "421");
  CHECK(refused("GET / HTTP/1.1\r\nConnection: close\r\n\r\n") == "421");
  CHECK(refused("GET http://localhost/livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                "\r\n") == "400");
}

TEST_CASE("HEAD has the headers of GET and no body") {
  const ServedBoard served;
  const auto answer =
      served.ask("HEAD /livez HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n");
  CHECK(status_of(answer) == 200);
  CHECK(header_of(answer, "Content-Length") == "3");
  CHECK(body_of(answer).empty());
}

TEST_CASE("a connection serves one request after the other") {
  const ServedBoard served;
  RawClient client(served.address);
  const std::string request = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
  client.send(request);
  client.read_until("ok\n");
  client.send(request + request.substr(0, 10));
  client.send(request.substr(10) + get("/metrics"));
  const auto seen = client.read_all();
  CHECK(has(seen, "metric 1\n"));
  CHECK(seen.find("ok\n", seen.find("ok\n", seen.find("ok\n") + 1) + 1) != std::string::npos);
}

TEST_CASE("a client that ends its side gets its answer") {
  const ServedBoard served;
  RawClient client(served.address);
  client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.finish();
  CHECK(has(client.read_all(), "metric 1\n"));
}

TEST_CASE("the status is sent again only to those who have an older one") {
  ServedBoard served;
  const auto tag = header_of(served.ask(get("/api/v1/status")), "ETag");
  const auto again = [&] {
    return served.ask(get("/api/v1/status", "If-None-Match: \"x\", " + tag + "\r\n"));
  };
  CHECK(status_of(again()) == 304);
  CHECK(body_of(again()).empty());
  finish(served.board, "a", {}, at(1));
  while (status_of(again()) != 200) {
  }
  CHECK(header_of(again(), "ETag") != tag);
}

TEST_CASE("writes reach the daemon, and the next status shows them") {
  const ServedBoard served;
  CHECK(status_of(served.ask(post("/api/v1/sessions/a/reconcile"))) == 202);
  CHECK(status_of(served.ask(post("/api/v1/sessions/a/reconcile", R"({"allow_deletes":"h1"})"))) ==
        202);
  CHECK(status_of(served.ask(get("/api/v1/status"))) == 200);
  CHECK(status_of(served.ask(post("/api/v1/sessions/a/suspend", R"({"by":"me"})"))) == 200);
  const auto status = json_of(served.ask(get("/api/v1/status")));
  CHECK(status["sessions"][0]["suspended"]["by"] == "me");
  CHECK(status_of(served.ask(post("/api/v1/sessions/%61/resume"))) == 200);
  CHECK(status_of(served.ask(post("/api/v1/sessions/a/suspend"))) == 200);
  CHECK(served.asked() == std::vector<std::string>{"reconcile() a", "reconcile(h1) a",
                                                   "suspend(me) a", "resume a",
                                                   "suspend(127.0.0.1) a"});
}

TEST_CASE("what the daemon refuses is told with its reason") {
  const ServedBoard served;
  const auto refused = [&](const std::string& name) {
    const auto answer = served.ask(post("/api/v1/sessions/" + name + "/resume"));
    return std::to_string(status_of(answer)) + " " +
           json_of(answer)["error"]["code"].get<std::string>();
  };
  CHECK(refused("nobody") == "404 unknown_session");
  CHECK(refused("fixed") == "409 suspended_by_manifest");
  CHECK(refused("full") == "503 not_recorded");
}

TEST_CASE("a write whose body is not understood does nothing") {
  const ServedBoard served;
  for (const std::string& body :
       {std::string("{"), std::string("[]"), std::string("\"a\""), std::string(R"({"by":1})"),
        std::string(R"({"allow_deletes":null})"), "{\"by\":\"" + std::string(300, 'a') + "\"}",
        std::string(5000, '[')}) {
    INFO(body);
    CHECK(status_of(served.ask(post("/api/v1/sessions/a/suspend", body))) == 400);
  }
  CHECK(served.asked().empty());
}

TEST_CASE("pages of other origins write nothing, whatever they smuggle") {
  const ServedBoard served;
  const std::string write = "POST /api/v1/sessions/a/suspend HTTP/1.1\r\nHost: localhost\r\n";
  CHECK(status_of(served.ask(
            post("/api/v1/sessions/a/suspend", "", "Origin: http://evil.example\r\n"))) == 403);
  // A browser that keeps the page's origin to itself says this much.
  for (const char* const site : {"cross-site", "same-site"}) {
    CHECK(status_of(served.ask(post("/api/v1/sessions/a/suspend", "",
                                    "Sec-Fetch-Site: " + std::string(site) + "\r\n"))) == 403);
  }
  const auto inner = write + "\r\n";
  for (const char* const path : {"/", "/nothing", "/api/v1/sessions/a/suspend"}) {
    const auto answer = served.ask(post(path, inner, "Origin: http://evil.example\r\n"));
    CHECK(answer.find("HTTP/1.1", 1) == std::string::npos);
  }
  const auto by_get = served.ask("GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                                 std::to_string(inner.size()) + "\r\n\r\n" + inner);
  CHECK(by_get.find("HTTP/1.1", 1) == std::string::npos);
  CHECK(served.asked().empty());
}

TEST_CASE("the token is the one that the file holds now") {
  const TempTree tree;
  tree.write("token", "first\n");
  const ServedBoard served(tree.at("token"));
  const auto with = [&](const std::string& token) {
    return status_of(served.ask(
        post("/api/v1/sessions/a/reconcile", "", "Authorization: Bearer " + token + "\r\n")));
  };
  CHECK(with("first") == 202);
  CHECK(with("second") == 401);
  tree.write("token", "second\n");
  CHECK(with("first") == 401);
  CHECK(with("second") == 202);
  tree.write("token", "\n");
  CHECK(with("") == 503);
  tree.remove("token");
  const auto answer = served.ask(post("/api/v1/sessions/a/reconcile"));
  CHECK(status_of(answer) == 503);
  CHECK(has(body_of(answer), tree.at("token")));
  CHECK(status_of(served.ask(get("/api/v1/status"))) == 200);
  CHECK(served.asked().size() == 2);
}

TEST_CASE("two daemons never share a port: the second waits for it, or ends if it must have it") {
  ServedBoard served;
  status::StatusBoard board(kOrigin);
  serve::StatusServerOptions options;
  options.listen = served.address;
  options.listen_required = true;
  const auto refused = serve::StatusServer(options, board, served, {}).start();
  REQUIRE_FALSE(refused);
  CHECK(has(refused.error(), served.address));
  CHECK(has(refused.error(), "--listen"));
  CHECK(board.readiness().problems == status::StatusBoard(kOrigin).readiness().problems);

  std::promise<serve::ServedAt> listening;
  status::StatusBoard waiting(kOrigin);
  options.listen_required = false;
  options.listening = [&](const serve::ServedAt& now) { listening.set_value(now); };
  serve::StatusServer second(options, waiting, served, {});
  CHECK(second.start().value().address.empty());
  CHECK(has(waiting.readiness().problems.back(), "cannot listen on " + served.address));
  served.stop();
  auto now = listening.get_future();
  REQUIRE(now.wait_for(std::chrono::minutes(1)) == std::future_status::ready);
  CHECK(now.get().address == served.address);
  CHECK(status_of(served.ask(get("/livez"))) == 200);
  CHECK(waiting.readiness().problems == status::StatusBoard(kOrigin).readiness().problems);
}

TEST_CASE("a server listens on IPv6 too, and the client finds it") {
  std::unique_ptr<ServedBoard> served;
  try {
    served = std::make_unique<ServedBoard>("", "[::1]:0");
  } catch (const std::exception&) {
    WARN("skipped: this machine has no IPv6 loopback");
    return;
  }
  CHECK(served->address.starts_with("[::1]:"));
  const remote::DaemonClient client = served->client();
  CHECK(client.get("/livez").value().status == 200);
  CHECK(client.post("/api/v1/sessions/a/reconcile", "", ports::Secret()).value().status == 202);
}

TEST_CASE("the client is told once what has not changed since") {
  const ServedBoard served;
  const auto client = served.client();
  const auto first = client.get("/api/v1/status").value();
  CHECK(first.status == 200);
  CHECK_FALSE(first.tag.empty());
  const auto same = client.get("/api/v1/status", first.tag).value();
  CHECK(same.status == 304);
  CHECK(same.body.empty());
  CHECK(same.tag == first.tag);
  CHECK(client.get("/api/v1/status", "W/\"another\"").value().body == first.body);
}

}  // namespace sessync::test
