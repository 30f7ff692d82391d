#include <catch2/catch.hpp>

#include "reconciler/tokens/rotation_decision.h"

namespace sessync {
namespace {

using Verdict = tokens::Rotation::Verdict;
constexpr ports::TimePoint kSentAt{std::chrono::hours(10'000)};

/// A repository whose token was sent at kSentAt and has not changed since.
struct Case {
  manifest::RepositoryResource repository;
  ports::TokenRecord record{"sesrsc_1", "print-1", kSentAt, std::nullopt, "2026-01-01T00:00:00Z"};
  bool known = true;
  tl::expected<ports::TokenState, ports::TokenError> token = ports::TokenState{"print-1", false};
  std::string newest_fault;
  ports::Duration age = std::chrono::minutes(1);

  Case() { repository.url = "https://github.com/o/r"; }

  [[nodiscard]] tokens::Rotation decide() const {
    return tokens::decide_rotation(
        {repository, token, known ? &record : nullptr, newest_fault, kSentAt + age});
  }
};

TEST_CASE("a token that has not changed is not sent again") {
  CHECK(Case().decide().verdict == Verdict::kNotDue);
}

TEST_CASE("a token is sent when it changed, and when nothing is remembered") {
  Case changed;
  changed.token = ports::TokenState{"print-2", false};
  CHECK(changed.decide().verdict == Verdict::kDue);
  CHECK_FALSE(changed.decide().lacks_fingerprint);

  Case lost;
  lost.known = false;
  CHECK(lost.decide().verdict == Verdict::kDue);
  CHECK(lost.decide().lacks_fingerprint);

  Case in_doubt;
  in_doubt.record.fingerprint.clear();
  CHECK(in_doubt.decide().lacks_fingerprint);
}

TEST_CASE("a token is sent when it is as old as rotate_every says") {
  Case young;
  young.repository.rotate_every = std::chrono::minutes(45);
  young.age = std::chrono::minutes(44);
  CHECK(young.decide().verdict == Verdict::kNotDue);
  CHECK(young.decide().next_check_at == kSentAt + std::chrono::minutes(45));

  Case old = young;
  old.age = std::chrono::minutes(45);
  CHECK(old.decide().verdict == Verdict::kDue);
  CHECK_FALSE(old.decide().renew);
  old.token = ports::TokenState{"print-1", true};
  CHECK(old.decide().renew);
}

TEST_CASE("a minted token is sent anew when two thirds of its life are over") {
  Case minted;
  minted.token = ports::TokenState{"print-1", true};
  minted.record.renew_at = kSentAt + std::chrono::minutes(40);
  CHECK(minted.decide().next_check_at == minted.record.renew_at);
  minted.age = std::chrono::minutes(40);
  CHECK(minted.decide().verdict == Verdict::kDue);
}

TEST_CASE("an authentication error is answered once") {
  Case minted;
  minted.token = ports::TokenState{"print-1", true};
  minted.newest_fault = "2026-01-01T00:00:00.25Z";
  CHECK(minted.decide().verdict == Verdict::kDue);
  CHECK(minted.decide().renew);
  CHECK(minted.decide().newest_fault == "2026-01-01T00:00:00.25Z");
  minted.record.last_fault = minted.newest_fault;
  CHECK(minted.decide().verdict == Verdict::kNotDue);
}

TEST_CASE("the same token is sent at most once an hour") {
  Case refused;
  refused.newest_fault = "2026-01-01T01:00:00Z";
  refused.age = std::chrono::minutes(59);
  CHECK(refused.decide().verdict == Verdict::kUseless);
  CHECK(refused.decide().next_check_at == kSentAt + std::chrono::hours(1));
  refused.age = std::chrono::hours(1);
  CHECK(refused.decide().verdict == Verdict::kDue);
}

TEST_CASE("a changed token is sent at once, whatever GitHub said of the old one") {
  Case mended;
  mended.newest_fault = "2026-01-01T01:00:00Z";
  mended.token = ports::TokenState{"print-2", false};
  CHECK(mended.decide().verdict == Verdict::kDue);
  CHECK(mended.decide().newest_fault == mended.newest_fault);
}

TEST_CASE("a source that cannot be read is said, and nothing is sent") {
  Case broken;
  broken.token = tl::unexpected(ports::TokenError{"token.txt cannot be read"});
  broken.known = false;
  CHECK(broken.decide().verdict == Verdict::kUnavailable);
  CHECK(broken.decide().reason == "token.txt cannot be read");
}

TEST_CASE("of a source that is not asked only that is due which needs no answer") {
  Case unasked;
  unasked.token = ports::TokenState{"", false, "it is not run"};
  CHECK(unasked.decide().verdict == Verdict::kNotDue);
  CHECK(unasked.decide().unchecked == "it is not run");
  unasked.newest_fault = "2026-01-01T01:00:00Z";
  CHECK(unasked.decide().verdict == Verdict::kNotDue);
  CHECK(unasked.decide().unchecked.value().find("GitHub refused") == 0);

  Case unknown = unasked;
  unknown.known = false;
  CHECK(unknown.decide().verdict == Verdict::kDue);
  CHECK(unknown.decide().reason.find("not checked: it is not run") != std::string::npos);

  Case old = unasked;
  old.newest_fault.clear();
  old.repository.rotate_every = std::chrono::minutes(1);
  CHECK(old.decide().verdict == Verdict::kDue);
  CHECK(old.decide().reason.find("not checked") != std::string::npos);
}

TEST_CASE("times compare whatever their fractions") {
  CHECK(tokens::is_later("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00Z"));
  CHECK(tokens::is_later("2026-01-01T00:00:01Z", "2026-01-01T00:00:00.999999Z"));
  CHECK_FALSE(tokens::is_later("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"));
  CHECK(tokens::is_later("2026-01-01T00:00:00Z", ""));
}

}  // namespace
}  // namespace sessync
