#include <thread>

#include <catch2/catch.hpp>

#include "daemon/http/server/server.h"
#include "tests/daemon/serve/server_fixture.h"

/// Many clients at once: those who follow, those who say nothing, those who do not listen.
namespace sessync::test {
namespace {

std::string follow_request(const std::string& headers = "") {
  return "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}

/// A loop without a board: it answers every GET with what its maker says.
struct BareLoop {
  explicit BareLoop(const http::Reply& reply,
                    http::Server::Limits limits = http::Server::Limits()) {
    auto listener = http::open_listener("127.0.0.1:0").value();
    address = listener.address;
    const auto answer = [reply](const http::Request&) { return reply; };
    loop = std::make_unique<http::Server>(
        http::Server::Handlers{answer, answer, [this](std::size_t count) { followers = count; }},
        limits);
    loop->listen(std::move(listener));
    loop->start();
  }
  std::string address;
  std::atomic<std::size_t> followers{0};
  std::unique_ptr<http::Server> loop;
};

http::Reply event_stream() {
  http::Reply reply;
  reply.type = "text/event-stream";
  reply.body = std::make_shared<const std::string>("begin\n");
  reply.follows = 1;
  return reply;
}

void wait_for_followers(const BareLoop& bare, std::size_t count) {
  const auto end = std::chrono::steady_clock::now() + seconds(30);
  while (bare.followers != count) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::yield();
  }
}

}  // namespace

TEST_CASE("a stream begins with everything and goes on with what changes") {
  ServedBoard served;
  RawClient client(served.address);
  client.send(follow_request());
  const auto begin = client.read_until("\n\n");
  CHECK(has(begin, "Content-Type: text/event-stream"));
  CHECK(has(begin, "event: status\nid: "));
  finish(served.board, "a", blocked("/x", desired::BlockCode::kConflict), at(1));
  const auto changed = client.read_until("\"in the way\"");
  CHECK(has(changed, "event: session\n"));
  served.board.manifest_read(with_error(manifest_of({"b"}), "unknown key"), {}, at(2));
  CHECK(has(client.read_until("event: left\n"), "event: manifest\n"));
}

TEST_CASE("who reconnects is told only what it missed") {
  ServedBoard served;
  std::string id;
  {
    RawClient client(served.address);
    client.send(follow_request());
    const auto begin = client.read_until("\n\n");
    const auto start = begin.find("id: ") + 4;
    id = begin.substr(start, begin.find('\n', start) - start);
  }
  finish(served.board, "b", {}, at(1));
  RawClient client(served.address);
  client.send(follow_request("Last-Event-ID: " + id + "\r\n"));
  const auto missed = client.read_until("event: session\n");
  CHECK_FALSE(has(missed, "event: status\n"));
  CHECK_FALSE(has(missed, "\"name\":\"a\""));
}

TEST_CASE("who names an event in the path is told what it missed, too") {
  ServedBoard served;
  RawClient first(served.address);
  first.send(follow_request());
  const auto begin = first.read_until("\n\n");
  const auto start = begin.find("id: ") + 4;
  const auto id = begin.substr(start, begin.find('\n', start) - start);
  finish(served.board, "b", {}, at(1));
  RawClient client(served.address);
  client.send("GET /api/v1/events/" + id + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto missed = client.read_until("event: session\n");
  CHECK_FALSE(has(missed, "event: status\n"));
}

TEST_CASE("a hundred streams are told, and let go at once at the end") {
  ServedBoard served;
  std::vector<RawClient> clients;
  for (int i = 0; i < 100; ++i) {
    clients.emplace_back(served.address);
    clients.back().send(follow_request());
  }
  for (auto& client : clients) {
    client.read_until("event: status\n");
  }
  finish(served.board, "a", {}, at(1));
  for (auto& client : clients) {
    client.read_until("event: session\n");
  }
  CHECK(status_of(served.ask(get("/livez"))) == 200);
  served.stop();
  for (auto& client : clients) {
    client.read_all();
  }
}

TEST_CASE("clients that say nothing keep nobody out") {
  const BareLoop bare(
      http::Reply{200, "text/plain", std::make_shared<const std::string>("ok"), {}, {}}, {20, 10});
  std::vector<RawClient> silent;
  for (int i = 0; i < 60; ++i) {
    silent.emplace_back(bare.address);
    silent.back().send(i % 2 == 0 ? "" : "GET / HTTP/1.1\r\nHo");
  }
  CHECK(status_of(RawClient::ask(bare.address, get("/"))) == 200);
  CHECK(silent.front().read_all().empty());
}

TEST_CASE("when everybody is served already, the next is told so") {
  const BareLoop bare(event_stream(), {10, 10});
  std::vector<RawClient> clients;
  for (int i = 0; i < 10; ++i) {
    clients.emplace_back(bare.address);
    clients.back().send(follow_request());
    clients.back().read_until("begin\n");
  }
  CHECK(status_of(RawClient::ask(bare.address, get("/"))) == 503);
  clients.pop_back();
  wait_for_followers(bare, 9);
  RawClient next(bare.address);
  next.send(follow_request());
  CHECK(status_of(next.read_until("begin\n")) == 200);
}

TEST_CASE("only so many may follow, and others are still answered") {
  const BareLoop bare(event_stream(), {20, 2});
  std::vector<RawClient> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back(bare.address);
    clients.back().send(follow_request());
    clients.back().read_until("begin\n");
  }
  CHECK(status_of(RawClient::ask(bare.address, follow_request())) == 503);
}

TEST_CASE("who does not listen is dropped, and delays nobody") {
  const BareLoop bare(event_stream());
  const RawClient deaf(bare.address);
  deaf.send(follow_request());
  RawClient listening(bare.address);
  listening.send(follow_request());
  listening.read_until("begin\n");
  wait_for_followers(bare, 2);
  const auto frame = std::make_shared<const std::string>(std::string(1 << 20, '.') + "x\n");
  for (std::uint64_t revision = 2; bare.followers == 2; ++revision) {
    REQUIRE(revision < 1000);
    bare.loop->publish({revision, frame});
    listening.forget();
    listening.read_until("x\n");
  }
  CHECK(bare.followers == 1);
}

TEST_CASE("a loop ends although there is always something to tell") {
  const auto text = std::make_shared<const std::string>("x\n");
  for (int i = 0; i < 300; ++i) {
    BareLoop bare(event_stream());
    RawClient client(bare.address);
    client.send(follow_request());
    client.read_until("begin\n");
    std::thread talker([&] {
      for (std::uint64_t revision = 2; revision < 20; ++revision) {
        bare.loop->publish({revision, text});
      }
    });
    client.read_until("x\n");
    talker.join();
  }
}

TEST_CASE("a stream is not told what it knows") {
  BareLoop bare(event_stream());
  RawClient client(bare.address);
  client.send(follow_request());
  client.read_until("begin\n");
  const auto publish = [&](std::optional<std::uint64_t> revision, const char* text) {
    bare.loop->publish({revision, std::make_shared<const std::string>(text)});
  };
  publish(1, "old\n");
  publish(std::nullopt, "beat\n");
  publish(3, "new\n");
  publish(2, "late\n");
  publish(4, "end\n");
  CHECK(has(client.read_until("end\n"), "begin\nbeat\nnew\nend\n"));
}

}  // namespace sessync::test
