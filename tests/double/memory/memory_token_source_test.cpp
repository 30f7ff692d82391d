#include "tests/double/memory/memory_token_source.h"

#include <optional>

#include <catch2/catch.hpp>

namespace sessync {
namespace {

const std::string kExampleUrl = "https://github.com/example-org/example-repo";

struct Asked {
  TestLoop loop;
  MemoryTokenSource source{loop};

  tl::expected<ports::TokenState, ports::TokenError> peek() {
    std::optional<tl::expected<ports::TokenState, ports::TokenError>> answer;
    source.peek({kExampleUrl, {}, "", false}, [&answer](const auto& state) { answer = state; });
    CHECK_FALSE(answer);
    loop.run_all();
    return answer.value();
  }
  tl::expected<ports::Token, ports::TokenError> fetch(bool renew = false) {
    std::optional<tl::expected<ports::Token, ports::TokenError>> answer;
    source.fetch({kExampleUrl, {}, "", renew}, [&answer](const auto& token) { answer = token; });
    CHECK_FALSE(answer);
    loop.run_all();
    return answer.value();
  }
};

TEST_CASE("a kept token has a fingerprint of its own, the same for peek and fetch") {
  Asked asked;
  CHECK_FALSE(asked.peek());
  asked.source.set(kExampleUrl, "one");
  const auto first = asked.peek().value();
  CHECK(asked.fetch()->secret.reveal() == "one");
  CHECK(asked.fetch()->state.fingerprint == first.fingerprint);
  asked.source.set(kExampleUrl, "two");
  CHECK(asked.peek()->fingerprint != first.fingerprint);
  CHECK_FALSE(asked.fetch()->renew_at);
}

TEST_CASE("a minting source mints when it is asked and the last one is old or refused") {
  Asked asked;
  asked.source.mint(kExampleUrl, std::chrono::minutes(60));
  const auto before = asked.peek().value();
  CHECK(before.mints);
  CHECK(asked.source.mints(kExampleUrl) == 0);
  const auto first = asked.fetch().value();
  CHECK(first.renew_at == asked.loop.now() + std::chrono::minutes(40));
  CHECK(asked.fetch()->secret == first.secret);
  CHECK_FALSE(asked.fetch(true)->secret == first.secret);
  asked.loop.advance(std::chrono::minutes(40));
  static_cast<void>(asked.fetch());
  CHECK(asked.source.mints(kExampleUrl) == 3);
  CHECK(asked.peek()->fingerprint == before.fingerprint);
  asked.source.reconfigure(kExampleUrl);
  CHECK(asked.peek()->fingerprint != before.fingerprint);
}

TEST_CASE("a failing source says so until it works again") {
  Asked asked;
  asked.source.mint(kExampleUrl, std::chrono::minutes(60));
  asked.source.fail(kExampleUrl, true);
  CHECK(asked.peek());
  CHECK_FALSE(asked.fetch());
  asked.source.fail(kExampleUrl);
  CHECK_FALSE(asked.peek());
  asked.source.works_again(kExampleUrl);
  CHECK(asked.fetch());
}

}  // namespace
}  // namespace sessync
