#include "daemon/serve/refused_tokens.h"

#include <catch2/catch.hpp>

namespace sessync {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct Guessing {
  serve::RefusedTokens tokens;
  serve::RefusedTokens::Clock::time_point now{minutes(60)};

  void guess(const std::string& from, int times = 1) {
    for (int i = 0; i < times; ++i) tokens.note(from, true, now);
  }
  [[nodiscard]] seconds pause(const std::string& at) const { return tokens.pause(at, now); }
};

}  // namespace

TEST_CASE("after ten refused tokens each one more makes the pause longer, up to a minute") {
  Guessing guessing;
  guessing.guess("10.0.0.1", 9);
  CHECK(guessing.pause("10.0.0.1") == seconds(0));
  for (const int expected : {1, 2, 4, 8, 16, 32, 60, 60}) {
    guessing.guess("10.0.0.1");
    CHECK(guessing.pause("10.0.0.1") == seconds(expected));
    CHECK(guessing.pause("10.0.0.2") == seconds(0));
    guessing.now += seconds(expected);
    CHECK(guessing.pause("10.0.0.1") == seconds(0));
  }
  guessing.now += minutes(11);
  guessing.guess("10.0.0.2");
  guessing.guess("10.0.0.1");
  CHECK(guessing.pause("10.0.0.1") == seconds(0));
}

TEST_CASE("requests without a token are told of and make nobody wait") {
  Guessing guessing;
  for (int i = 0; i < 20; ++i) guessing.tokens.note("10.0.0.1", false, guessing.now);
  CHECK(guessing.pause("10.0.0.1") == seconds(0));
  CHECK(guessing.tokens.to_tell(guessing.now) == 20);
}

TEST_CASE("refusals are told of once a minute, with their number") {
  Guessing guessing;
  CHECK_FALSE(guessing.tokens.to_tell(guessing.now));
  guessing.guess("10.0.0.1");
  CHECK(guessing.tokens.to_tell(guessing.now) == 1);
  guessing.guess("10.0.0.1", 30);
  guessing.now += seconds(59);
  CHECK_FALSE(guessing.tokens.to_tell(guessing.now));
  guessing.now += seconds(1);
  CHECK(guessing.tokens.to_tell(guessing.now) == 30);
  guessing.now += minutes(5);
  CHECK_FALSE(guessing.tokens.to_tell(guessing.now));
}

TEST_CASE("a guesser is an address, or a network of 64 bits") {
  CHECK(serve::guesser_at("10.0.0.1") == "10.0.0.1");
  CHECK(serve::guesser_at("::ffff:10.0.0.1") == "10.0.0.1");
  CHECK(serve::guesser_at("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
  CHECK(serve::guesser_at("fe80::1%eth0") == "fe80::/64");
  CHECK(serve::guesser_at("") == "");
  Guessing guessing;
  for (int i = 0; i < 10; ++i) guessing.guess("2001:db8::" + std::to_string(i));
  CHECK(guessing.pause("2001:db8::99") == seconds(1));
}

TEST_CASE("many guessers cost no more than some thousand of them") {
  Guessing guessing;
  guessing.guess("10.0.0.1", 10);
  for (int i = 0; i < 5000; ++i) {
    guessing.now += std::chrono::milliseconds(1);
    guessing.guess("host" + std::to_string(i));
  }
  CHECK(guessing.pause("10.0.0.1") == seconds(0));
  guessing.guess("host4999", 9);
  CHECK(guessing.pause("host4999") == seconds(1));
}

}  // namespace sessync
