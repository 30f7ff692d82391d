#include "daemon/serve/access.h"

#include <catch2/catch.hpp>

#include "daemon/http/server/listen_address.h"

namespace sessync {
namespace {

using Asks = serve::RequestFacts::Asks;
using Given = tl::expected<ports::Secret, std::string>;

serve::RequestFacts reading(std::vector<std::string> hosts) {
  return {Asks::kRead, std::move(hosts), {}, {}};
}

serve::RequestFacts writing(const std::string& host, std::vector<std::string> origins = {},
                            std::vector<std::string> authorizations = {}) {
  return {Asks::kWrite, {host}, std::move(origins), std::move(authorizations)};
}

serve::AccessRules with_token(bool loopback = true) {
  return {loopback, Given(ports::Secret("s3cret"))};
}

/// 0: it may.
int refused(const serve::RequestFacts& request, const serve::AccessRules& rules) {
  const auto refusal = serve::refuse_access(request, rules);
  return refusal ? refusal->status : 0;
}

}  // namespace

TEST_CASE("a loopback listener answers only those who name a loopback host") {
  const serve::AccessRules rules{true, std::nullopt};
  for (const char* const host :
       {"localhost", "localhost:8900", "LocalHost", "localhost.", "LOCALHOST.:1", "127.0.0.1",
        "127.0.0.1:9", "127.1.2.3:80", "[::1]", "[::1]:8900", "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]:1", "app.localhost:1", "localhost:"}) {
    INFO(host);
    CHECK(refused(reading({host}), rules) == 0);
  }
  for (const char* const host : {"",
                                 "example.org",
                                 "example.org:8900",
                                 "localhost.example.org",
                                 "127.0.0.1.example.org",
                                 "notlocalhost",
                                 "128.0.0.1",
                                 "0.0.0.0",
                                 "10.0.0.1",
                                 "[::2]",
                                 "[::]",
                                 "::1",
                                 "[::1",
                                 "::1]",
                                 "[::1]x",
                                 "[localhost]",
                                 "localhost:port",
                                 "localhost:70000",
                                 "localhost:1:2",
                                 "localhost..",
                                 "127.0.0.1@example.org",
                                 "example.org#localhost",
                                 "localhost/",
                                 " localhost",
                                 "127.1",
                                 "2130706433",
                                 "0x7f.1",
                                 "user:pw@localhost",
                                 "[::ffff:128.0.0.1]",
                                 "."}) {
    INFO(host);
    CHECK(refused(reading({host}), rules) == 421);
  }
}

TEST_CASE("no Host or several are no loopback host") {
  const serve::AccessRules rules{true, std::nullopt};
  CHECK(refused(reading({}), rules) == 421);
  CHECK(refused(reading({"localhost", "localhost"}), rules) == 421);
  CHECK(refused(reading({"localhost", "example.org"}), rules) == 421);
}

TEST_CASE("elsewhere a Host is one that no foreign page can have, or one that was allowed") {
  serve::AccessRules rules{false};
  rules.allowed_hosts = {"sessync.example.org", "Other.Example.ORG."};
  for (const char* const host :
       {"10.0.0.1", "10.0.0.1:8900", "[2001:db8::1]:8900", "[::]", "localhost", "localhost.:8900",
        "sessync", "Sessync:8900", "sessync.prod.svc", "sessync.prod.svc:8900",
        "sessync.prod.svc.cluster.local", "SESSYNC.prod.svc.cluster.local.:1",
        "sessync.example.org", "SESSYNC.example.org.:8900", "other.example.org"}) {
    INFO(host);
    CHECK(refused(reading({host}), rules) == 0);
  }
  for (const char* const host :
       {"", ".", "example.org", "x.sessync.example.org", "sessync.example.org.evil.example",
        "10.0.0.1.evil.example", "evil.example:8900", "ai.", "10.0.0", "svc.evil.example", "a b",
        "sessync:port", "[sessync]", "user@sessync", "sessync/", "evil.svc.example"}) {
    INFO(host);
    CHECK(refused(reading({host}), rules) == 421);
  }
  CHECK(refused(reading({}), rules) == 421);
  CHECK(refused(reading({"a", "b"}), rules) == 400);
}

TEST_CASE("probes are answered under every Host and without a token") {
  for (const bool loopback : {true, false}) {
    const serve::AccessRules rules{loopback, Given(ports::Secret("s3cret")),
                                   Given(ports::Secret("r3ad"))};
    CHECK(refused({Asks::kProbe, {"example.org"}, {}, {}}, rules) == 0);
    CHECK(refused({Asks::kProbe, {}, {}, {}}, rules) == 0);
    CHECK(refused({Asks::kProof, {"localhost"}, {}, {}}, rules) == 0);
    CHECK(refused({Asks::kProof, {"example.org"}, {}, {}}, rules) == 421);
  }
}

TEST_CASE("with a read token every read needs it, or the token for writes") {
  const auto asking = [](const char* authorization) {
    return serve::RequestFacts{Asks::kRead, {"localhost"}, {}, {authorization}};
  };
  serve::AccessRules rules{true, std::nullopt, Given(ports::Secret("r3ad"))};
  CHECK(refused(reading({"localhost"}), rules) == 401);
  CHECK(refused(asking("Bearer r3ad"), rules) == 0);
  CHECK(refused(asking("Bearer s3cret"), rules) == 401);
  CHECK(refused(writing("localhost", {}, {"Bearer r3ad"}), with_token()) == 401);
  rules.token = Given(ports::Secret("s3cret"));
  CHECK(refused(asking("Bearer s3cret"), rules) == 0);
  rules.read_token = Given(tl::unexpect, "/run/read cannot be read");
  CHECK(refused(asking("Bearer r3ad"), rules) == 503);
  CHECK(refused(asking("Bearer s3cret"), rules) == 0);
  rules.token = Given(ports::Secret());
  CHECK(refused(asking("Bearer "), rules) == 503);
}

TEST_CASE("the host is looked at before anything else, with a token too") {
  auto request = writing("example.org", {}, {"Bearer s3cret"});
  CHECK(refused(request, with_token()) == 421);
}

TEST_CASE("without a token writes are for loopback, and for pages of the daemon itself") {
  const serve::AccessRules rules{true, std::nullopt};
  CHECK(refused(writing("localhost:8900"), rules) == 0);
  CHECK(refused(writing("localhost:8900", {"http://localhost:8900"}), rules) == 0);
  CHECK(refused(writing("[::1]:8900", {"http://[::1]:8900"}), rules) == 0);
  for (const char* const origin :
       {"", "null", "http://localhost", "https://localhost:8900", "http://localhost:8900/",
        "HTTP://localhost:8900", "http://LOCALHOST:8900", "http://localhost:8901",
        "http://127.0.0.1:8900", "http://evil.example"}) {
    INFO(origin);
    CHECK(refused(writing("localhost:8900", {origin}), rules) == 403);
  }
  CHECK(refused(writing("localhost:8900", {"http://localhost:8900", "http://evil.example"}),
                rules) == 403);
  CHECK(refused(writing("10.0.0.1:8900"), serve::AccessRules{false, std::nullopt}) == 403);
  serve::AccessRules behind_tls{true};
  behind_tls.tls = true;
  CHECK(refused(writing("localhost:8900", {"https://localhost:8900"}), behind_tls) == 0);
  CHECK(refused(writing("localhost:8900", {"http://localhost:8900"}), behind_tls) == 403);
}

TEST_CASE("with a token every write needs it, on loopback too") {
  for (const bool loopback : {true, false}) {
    const auto rules = with_token(loopback);
    CHECK(refused(writing("localhost", {}, {"Bearer s3cret"}), rules) == 0);
    CHECK(refused(writing("localhost", {"https://front.example"}, {"bEaReR  s3cret"}), rules) == 0);
    CHECK(refused(writing("localhost"), rules) == 401);
    for (const char* const given :
         {"", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3crets", "Bearer S3CRET",
          "Bearer s3cret ", "Basic s3cret", "s3cret", "Bearers3cret", "Bearer\ts3cret"}) {
      INFO(given);
      CHECK(refused(writing("localhost", {}, {given}), rules) == 401);
    }
    CHECK(refused(writing("localhost", {}, {"Bearer s3cret", "Bearer s3cret"}), rules) == 401);
    CHECK(refused(reading({"localhost"}), rules) == 0);
  }
}

TEST_CASE("a token that cannot be read opens nothing, and the refusal says why") {
  const serve::AccessRules unreadable{
      true, tl::expected<ports::Secret, std::string>(tl::unexpect,
                                                     "/run/token cannot be read: No such file")};
  const auto refusal = serve::refuse_access(writing("localhost", {}, {"Bearer "}), unreadable);
  REQUIRE(refusal);
  CHECK(refusal->status == 503);
  CHECK(refusal->message.find("/run/token") != std::string::npos);
  const serve::AccessRules empty{true, tl::expected<ports::Secret, std::string>(ports::Secret())};
  CHECK(refused(writing("localhost", {}, {"Bearer "}), empty) == 503);
}

TEST_CASE("addresses to listen on are parsed, shown and dialled") {
  const auto parsed = [](const char* text) { return http::parse_listen_address(text).value(); };
  CHECK(parsed("127.0.0.1:8900") == http::ListenAddress{"127.0.0.1", 8900});
  CHECK(parsed("[::1]:0") == http::ListenAddress{"::1", 0});
  CHECK(parsed("sessync.example:65535") == http::ListenAddress{"sessync.example", 65535});
  CHECK(parsed(":8900") == http::ListenAddress{"0.0.0.0", 8900});
  CHECK(to_text(parsed("[::1]:1")) == "[::1]:1");
  CHECK(to_text(http::dial_address(parsed("0.0.0.0:1"))) == "127.0.0.1:1");
  CHECK(to_text(http::dial_address(parsed("[::]:1"))) == "[::1]:1");
  CHECK(to_text(http::dial_address(parsed("10.0.0.1:1"))) == "10.0.0.1:1");
  for (const char* const text : {"", "8900", "localhost", "localhost:", "localhost:x", "a:65536",
                                 "a:-1", "a: 1", "::1:8900", "[::1]", "[a]:1", "[::1:1", "a:1:2"}) {
    INFO(text);
    CHECK_FALSE(http::parse_listen_address(text));
  }
}

}  // namespace sessync
