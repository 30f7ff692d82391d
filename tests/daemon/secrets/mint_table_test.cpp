#include "daemon/secrets/mint_table.h"

#include <atomic>
#include <future>

#include <catch2/catch.hpp>

namespace sessync::test {
namespace {

using namespace std::chrono_literals;

struct Table {
  std::atomic<std::int64_t> seconds{0};
  std::atomic<int> jobs{0};
  secrets::MintTable table{[this] { return now(); }};

  [[nodiscard]] ports::TimePoint now() const {
    return ports::TimePoint(std::chrono::seconds(seconds.load()));
  }

  secrets::MintJob succeeding(std::string token, std::optional<ports::Duration> life) {
    return [this, token = std::move(token), life](const std::stop_token&) -> secrets::MintResult {
      ++jobs;
      secrets::Minted minted{ports::Secret(token), now(), std::nullopt};
      if (life) minted.renew_at = now() + *life;
      return minted;
    };
  }
  secrets::MintJob failing(std::optional<ports::Duration> retry_after = {}) {
    return [this, retry_after](const std::stop_token&) -> secrets::MintResult {
      ++jobs;
      return tl::unexpected(secrets::MintFailure{"no", retry_after});
    };
  }
  secrets::MintResult ask(const std::string& source, const secrets::MintJob& job,
                          secrets::MintTable::Want want = secrets::MintTable::Want::kAny) {
    std::promise<secrets::MintResult> answer;
    table.ask(source, want, job,
              [&answer](const secrets::MintResult& result) { answer.set_value(result); });
    return answer.get_future().get();
  }
};

TEST_CASE("sources are kept apart") {
  Table t;
  CHECK(t.ask("a", t.succeeding("a-1", 10s))->token.reveal() == "a-1");
  CHECK(t.ask("b", t.succeeding("b-1", {}))->token.reveal() == "b-1");
  CHECK(t.ask("a", t.succeeding("a-2", 10s))->token.reveal() == "a-1");
  CHECK(t.table.mints("a"));
  CHECK_FALSE(t.table.mints("b"));
  CHECK_FALSE(t.table.mints("c"));
}

TEST_CASE("a failure holds for as long as the source asked for, also for who wants a new token") {
  Table t;
  REQUIRE_FALSE(t.ask("a", t.failing(60s)));
  t.seconds = 59;
  CHECK_FALSE(t.ask("a", t.succeeding("a-1", {}), secrets::MintTable::Want::kNew));
  CHECK(t.jobs == 1);
  t.seconds = 60;
  CHECK(t.ask("a", t.succeeding("a-1", {})));
}

TEST_CASE("a failure without such a wish is tried again with the next pass") {
  Table t;
  REQUIRE_FALSE(t.ask("a", t.failing()));
  t.seconds = 1;
  CHECK(t.ask("a", t.succeeding("a-1", {})));
}

TEST_CASE("no wish is too long") {
  Table t;
  REQUIRE_FALSE(t.ask("a", t.failing(24h)));
  t.seconds = 900;
  CHECK(t.ask("a", t.succeeding("a-1", {})));
}

TEST_CASE("a failure does not take away the token that is still good, once it has passed") {
  Table t;
  REQUIRE(t.ask("a", t.succeeding("a-1", 1h)));
  REQUIRE_FALSE(t.ask("a", t.failing(), secrets::MintTable::Want::kNew));
  t.seconds = 1;
  CHECK(t.ask("a", t.failing())->token.reveal() == "a-1");
}

TEST_CASE("many sources at once are all answered, and after a stop too") {
  Table t;
  constexpr int kSources = 40;
  std::atomic<int> answers{0};
  std::promise<void> all;
  const auto count = [&](const secrets::MintResult&) {
    if (++answers == kSources) all.set_value();
  };
  for (int i = 0; i < kSources; ++i) {
    t.table.ask(std::to_string(i), secrets::MintTable::Want::kAny, t.succeeding("x", {}), count);
    if (i == kSources / 2) t.table.stop();
  }
  all.get_future().wait();
  CHECK(t.jobs == kSources);
}

/// Work that cannot be copied any more, as when memory ends.
struct Uncopied {
  explicit Uncopied(secrets::MintJob work) : job(std::move(work)) {}
  Uncopied(const Uncopied& other) : job(other.job), full(other.full) {
    if (*full) throw std::bad_alloc();
  }
  Uncopied(Uncopied&&) = default;
  Uncopied& operator=(const Uncopied&) = delete;
  Uncopied& operator=(Uncopied&&) = delete;
  ~Uncopied() = default;
  secrets::MintResult operator()(const std::stop_token& stop) const { return job(stop); }

  secrets::MintJob job;
  std::shared_ptr<bool> full = std::make_shared<bool>(false);
};

TEST_CASE(
    "who asks is answered when the job cannot be handed over, and so are those who ask later") {
  Table t;
  Uncopied work(t.succeeding("a-1", {}));
  const auto full = work.full;
  const secrets::MintJob job(std::move(work));
  *full = true;
  const auto answer = t.ask("a", job);
  REQUIRE_FALSE(answer);
  CHECK_THAT(answer.error().message, Catch::Matchers::Contains("out of memory"));
  CHECK(t.jobs == 0);
  t.seconds = 1;
  CHECK(t.ask("a", t.succeeding("a-2", {}))->token.reveal() == "a-2");
}

TEST_CASE("a job that throws is a failure of its source and of no other") {
  Table t;
  const auto throws = [](const std::stop_token&) -> secrets::MintResult { throw std::bad_alloc(); };
  for (const char* const source : {"a", "b", "c", "d", "e"}) {  // more than there are threads
    const auto answer = t.ask(source, throws);
    REQUIRE_FALSE(answer);
    CHECK_THAT(answer.error().message, Catch::Matchers::Contains("out of memory"));
  }
  CHECK(t.ask("f", t.succeeding("f-1", {})));
  t.seconds = 1;
  CHECK(t.ask("a", t.succeeding("a-1", {})));
}

TEST_CASE("who throws at its answer takes it from nobody else") {
  Table t;
  std::promise<void> asked;
  std::promise<secrets::MintResult> answer;
  const auto job = [&](const std::stop_token& stop) {
    asked.get_future().wait();
    return t.succeeding("a-1", {})(stop);
  };
  t.table.ask("a", secrets::MintTable::Want::kAny, job,
              [](const secrets::MintResult&) { throw std::bad_alloc(); });
  t.table.ask("a", secrets::MintTable::Want::kAny, job,
              [&](const secrets::MintResult& result) { answer.set_value(result); });
  asked.set_value();
  CHECK(answer.get_future().get()->token.reveal() == "a-1");
}

}  // namespace
}  // namespace sessync::test
