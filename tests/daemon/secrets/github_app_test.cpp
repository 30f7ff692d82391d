#include <thread>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/daemon/secrets/github_double.h"
#include "tests/daemon/secrets/token_fixture.h"

namespace sessync::test {
namespace {

using Catch::Contains;

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::int64_t kStart = 1'790'000'000;  // 2026-09-21T14:13:20Z

/// Made once: a key takes a while.
const AppKeyPair& key_pair() {
  static const AppKeyPair pair = AppKeyPair::make();
  return pair;
}

std::string minted(const std::string& token, const std::string& expires_at) {
  return json{{"token", token}, {"expires_at", expires_at}, {"permissions", {{"contents", "read"}}}}
      .dump();
}

struct App : TokenWorld {
  App() {
    options.github_api_url = github.url();
    put_key(key_pair().pkcs1);
    github.answer({201, minted(kCanary, "2026-09-21T15:13:20Z"), {}});
  }

  void put_key(const std::string& text) {
    tree.write("secrets/app.pem", text);
    std::filesystem::permissions(
        tree.at("secrets/app.pem"),
        std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  std::string complaint() {
    const auto answer = fetch(source);
    REQUIRE_FALSE(answer);
    const auto& message = answer.error().message;
    CHECK(shows_nothing_of(kCanary, message));
    CHECK(message.find("eyJ") == std::string::npos);  // how a JSON Web Token begins
    CHECK(message.find("PRIVATE") == std::string::npos);
    CHECK(message.find("no token is sent") != std::string::npos);
    return message;
  }

  GithubDouble github{key_pair().public_key};
  manifest::TokenGithubApp source{123, 456, "app.pem"};
};

TEST_CASE("an app mints a token of one repository, and signs as GitHub wants it") {
  App world;
  SECTION("PKCS#1") {}
  SECTION("PKCS#8") { world.put_key(key_pair().pkcs8); }
  const auto token = world.fetch(world.source).value();
  CHECK(token.secret.reveal() == kCanary);
  CHECK(token.state.mints);
  CHECK(token.renew_at == world.now() + 40min);
  REQUIRE(world.github.calls().size() == 1);
  const auto call = world.github.calls()[0];
  CHECK(call.method == "POST");
  CHECK(call.path == "/app/installations/456/access_tokens");
  CHECK(json::parse(call.body) == json{{"repositories", {"example-repo"}}});
  CHECK(call.headers.at("accept") == "application/vnd.github+json");
  CHECK(call.headers.at("content-type") == "application/json");
  CHECK(call.headers.at("x-github-api-version") == "2022-11-28");
  CHECK(call.headers.at("user-agent").starts_with("sessync/"));
  CHECK(call.signature_holds);
  CHECK(json::parse(call.jwt_header) == json{{"alg", "RS256"}, {"typ", "JWT"}});
  CHECK(json::parse(call.jwt_claims) ==
        json{{"iss", "123"}, {"iat", kStart - 60}, {"exp", kStart + 540}});
}

TEST_CASE("a look mints nothing, and says what a fetch says") {
  App world;
  const auto state = world.peek(world.source).value();
  CHECK(state.mints);
  CHECK(world.github.calls().empty());
  CHECK(world.fetch(world.source)->state.fingerprint == state.fingerprint);
}

TEST_CASE("the fingerprint is that of the configuration") {
  App world;
  const auto before = world.peek(world.source)->fingerprint;
  world.advance(24h);
  CHECK(world.peek(world.source)->fingerprint == before);
  SECTION("another app") { world.source.app_id = 124; }
  SECTION("another installation") { world.source.installation_id = 457; }
  SECTION("another key") { world.put_key(AppKeyPair::make().pkcs8); }
  CHECK(world.peek(world.source)->fingerprint != before);
}

TEST_CASE("a minted token is kept until two thirds of its life are over") {
  App world;
  REQUIRE(world.fetch(world.source));
  world.github.answer({201, minted("second", "2026-09-21T15:53:20Z"), {}});
  world.advance(39min);
  CHECK(world.fetch(world.source)->secret.reveal() == kCanary);
  world.advance(1min);
  const auto second = world.fetch(world.source).value();
  CHECK(second.secret.reveal() == "second");
  CHECK(second.renew_at == world.now() + 40min);
  REQUIRE(world.fetch(world.source, true));
  CHECK(world.github.calls().size() == 3);
}

TEST_CASE("another key is another source: its token is not the old one's") {
  App world;
  REQUIRE(world.fetch(world.source));
  world.put_key(AppKeyPair::make().pkcs8);
  REQUIRE(world.fetch(world.source));
  REQUIRE(world.github.calls().size() == 2);
  CHECK_FALSE(world.github.calls()[1].signature_holds);
}

TEST_CASE("a key that cannot be used is an error of the look, too") {
  App world;
  std::string expected;
  SECTION("missing") {
    world.tree.remove("secrets/app.pem");
    expected = "No such file";
  }
  SECTION("no key") {
    world.put_key(kCanary);
    expected = "holds no private key";
  }
  SECTION("cut short") {
    world.put_key(key_pair().pkcs1.substr(0, 900));
    expected = "holds no private key";
  }
  SECTION("only the public one") {
    world.put_key(key_pair().public_key);
    expected = "holds no private key";
  }
  SECTION("encrypted") {
    world.put_key(key_pair().encrypted);
    expected = "is passphrase-protected";
  }
  SECTION("of another kind") {
    world.put_key(elliptic_key());
    expected = "holds no RSA key";
  }
  const std::string message = world.complaint();
  CHECK_THAT(message, Contains(expected));
  CHECK_THAT(message, Contains(world.tree.at("secrets/app.pem")));
  CHECK(world.peek(world.source).error().message == message);
  CHECK(world.github.calls().empty());
}

TEST_CASE("a refusal says what GitHub said and what to do") {
  App world;
  const auto refuse = [&world](int status, const std::string& message) {
    world.github.answer({status, json{{"message", message}}.dump(), {}});
    return world.complaint();
  };
  SECTION("401") {
    const auto message = refuse(401, "A JSON web token could not be decoded");
    CHECK_THAT(message, Contains("HTTP 401, A JSON web token could not be decoded"));
    CHECK_THAT(message, Contains("private_key belongs to app 123, and this machine's clock"));
  }
  SECTION("403") {
    CHECK_THAT(refuse(403, "This installation has been suspended"), Contains("is not suspended"));
  }
  SECTION("404") {
    CHECK_THAT(refuse(404, "Not Found"), Contains("installation 456 is one of app 123"));
  }
  SECTION("422") {
    CHECK_THAT(refuse(422, "There is at least one repository that does not exist"),
               Contains("give installation 456 access to repository example-repo"));
  }
  SECTION("500") { CHECK_THAT(refuse(502, "Server Error"), Contains("asked again later")); }
  SECTION("a redirect is not followed") {
    world.github.answer({307, "", {{"Location", world.github.url() + "/elsewhere"}}});
    CHECK_THAT(world.complaint(), Contains("HTTP 307"));
    CHECK(world.github.calls().size() == 1);
  }
  SECTION("a message that repeats a token") {
    CHECK_THAT(refuse(401, "bad token " + kCanary), Contains("bad token [redacted]"));
  }
  SECTION("a body that is none") {
    world.github.answer({500, "<html>" + kCanary, {}});
    CHECK_THAT(world.complaint(), Contains("HTTP 500; "));
  }
}

TEST_CASE("how long a token lives is told by GitHub's clock, whatever ours says") {
  App world;
  world.github.answer(
      {201, minted(kCanary, "2026-09-21T15:13:20Z"), {{"Date", "Mon, 21 Sep 2026 14:43:20 GMT"}}});
  CHECK(world.fetch(world.source)->renew_at == world.now() + 20min);
  App ahead;
  ahead.github.answer(
      {201, minted(kCanary, "2026-09-21T14:00:00Z"), {{"Date", "Mon, 21 Sep 2026 13:00:00 GMT"}}});
  CHECK(ahead.fetch(ahead.source)->renew_at == ahead.now() + 40min);
}

TEST_CASE("GitHub's wish to be left alone is obeyed") {
  App world;
  world.github.answer({403, R"({"message":"rate limit"})", {{"Retry-After", "60"}}});
  static_cast<void>(world.complaint());
  world.github.answer({201, minted("later", "2026-09-21T15:13:20Z"), {}});
  world.advance(59s);
  CHECK_THAT(world.complaint(), Contains("rate limit"));
  CHECK(world.github.calls().size() == 1);
  world.advance(1s);
  CHECK(world.fetch(world.source)->secret.reveal() == "later");
}

TEST_CASE("an answer that cannot be used is an error") {
  App world;
  std::string body;
  std::string expected;
  SECTION("no JSON") {
    body = kCanary;
    expected = "holds no token";
  }
  SECTION("no token") {
    body = R"({"expires_at":"2026-09-21T15:13:20Z"})";
    expected = "holds no token";
  }
  SECTION("no end") {
    body = json{{"token", kCanary}}.dump();
    expected = "holds no token";
  }
  SECTION("a token that is none") {
    body = minted(kCanary + " x", "2026-09-21T15:13:20Z");
    expected = "holds a token that has blanks";
  }
  SECTION("a time that is none") {
    body = minted(kCanary, "tomorrow");
    expected = "holds a time that cannot be read";
  }
  SECTION("expired") {
    body = minted(kCanary, "2026-09-21T14:13:20Z");
    expected = "this machine's clock";
  }
  world.github.answer({201, body, {}});
  CHECK_THAT(world.complaint(), Contains(expected));
}

TEST_CASE("no answer from GitHub is an error, within bounds") {
  App world;
  SECTION("nobody there") {
    world.options.github_api_url = "http://127.0.0.1:1";
    CHECK_THAT(world.complaint(), Contains("GitHub did not answer"));
  }
  SECTION("silence") {
    world.github.hang();
    world.options.github_time = 200ms;
    CHECK_THAT(world.complaint(), Contains("GitHub did not answer"));
  }
}

TEST_CASE("a stop gives a request up") {
  App world;
  world.github.hang();
  auto& service = world.service();
  bool called = false;
  std::thread stopper([&] {
    called = world.github.wait_for_calls(1);
    service.stop();
  });
  CHECK_THAT(world.complaint(), Contains("sessync is stopping"));
  stopper.join();
  REQUIRE(called);
  CHECK_THAT(world.complaint(), Contains("sessync is stopping"));
  CHECK(world.github.calls().size() == 1);
}

TEST_CASE("a URL that names no repository is not asked for") {
  App world;
  os::CompletionQueue loop;
  secrets::DaemonTokenSource tokens(world.service(), loop);
  std::optional<TokenWorld::Fetched> answer;
  tokens.fetch({"https://github.com/example-org/not/a/name", world.source, "", false},
               [&answer](const TokenWorld::Fetched& token) { answer = token; });
  while (loop.run_one()) {
  }
  CHECK_THAT(answer.value().error().message, Contains("the repository's URL must be"));
  CHECK(world.github.calls().empty());
}

}  // namespace
}  // namespace sessync::test
