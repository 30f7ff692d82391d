#include "daemon/http/server/local_socket.h"

#include <array>
#include <string>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/http/server/server.h"
#include "tests/daemon/http/server/raw_client.h"
#include "tests/daemon/os/temp_tree.h"

namespace sessync::http {
namespace {

os::UniqueFd connected(const std::string& path) {
  const auto address = LocalAddress::of(path).value();
  os::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(fd.get(), address.get(), address.size()) == 0);
  return fd;
}

/// What is answered until the connection ends.
std::string asked(const std::string& path) {
  const auto fd = connected(path);
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  REQUIRE(::write(fd.get(), request.data(), request.size()) ==
          static_cast<ssize_t>(request.size()));
  std::string answer;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 1; got > 0; answer.append(buffer.data(), static_cast<std::size_t>(got))) {
    got = ::read(fd.get(), buffer.data(), buffer.size());
    REQUIRE(got >= 0);
  }
  return answer;
}

/// Answers with what is known of who asks, and never ends an answer to the network.
Reply reply_to(const Request& request) {
  Reply reply;
  const bool local = request.peer.way == Way::kLocal;
  reply.body = std::make_shared<const std::string>(
      local ? request.peer.address + " " + std::to_string(request.peer.uid.value()) : "begin");
  if (!local) reply.follows = 1;
  return reply;
}

}  // namespace

TEST_CASE(
    "a socket is its owner's alone, tells who asks, and takes the place of one that is left") {
  const test::TempTree tree;
  const auto path = tree.at("socket");
  auto first = open_local_listener(path).value();
  first.socket = os::UniqueFd();
  Server server({reply_to, reply_to, [](std::size_t) {}}, Server::Limits());
  server.start();
  server.listen(open_local_listener(path).value());
  struct stat found{};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777U) == 0600U);
  CHECK(test::body_of(asked(path)) == "unix " + std::to_string(::getuid()));
}

TEST_CASE("a file that is no socket is left alone, and a directory that is missing is an error") {
  const test::TempTree tree;
  tree.write("socket", "precious");
  CHECK_FALSE(open_local_listener(tree.at("socket")));
  struct stat found{};
  REQUIRE(::stat(tree.at("socket").c_str(), &found) == 0);
  CHECK(found.st_size == 8);
  CHECK_FALSE(open_local_listener(tree.at("missing/socket")));
  CHECK_FALSE(open_local_listener(tree.at(std::string(120, 'x') + "/socket")));
}

TEST_CASE("a path that is longer than an address is reached all the same") {
  const test::TempTree tree;
  tree.directory(std::string(200, 'x'));
  const auto path = tree.at(std::string(200, 'x') + "/socket");
  Server server({reply_to, reply_to, [](std::size_t) {}}, Server::Limits());
  server.listen(open_local_listener(path).value());
  server.start();
  CHECK(test::has(asked(path), "200 OK"));
}

TEST_CASE("whoever has every connection of the port keeps nobody from the socket") {
  const test::TempTree tree;
  auto listener = open_listener("127.0.0.1:0").value();
  const auto address = listener.address;
  Server::Limits limits;
  limits.connections = 1;
  limits.followers = 1;
  Server server({reply_to, reply_to, [](std::size_t) {}}, limits);
  server.listen(std::move(listener));
  server.listen(open_local_listener(tree.at("socket")).value());
  server.start();
  test::RawClient follower(address);
  follower.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  follower.read_until("begin");
  CHECK(test::status_of(test::RawClient::ask(address, test::get("/"))) == 503);
  CHECK(test::has(asked(tree.at("socket")), "200 OK"));
}

}  // namespace sessync::http
