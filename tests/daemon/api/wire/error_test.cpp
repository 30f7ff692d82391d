#include "daemon/api/wire/error.h"

#include <catch2/catch.hpp>

#include "tests/daemon/api/api_fixture.h"

using namespace sessync;
using namespace sessync::test;
using Kind = ports::ApiError::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const ports::TimePoint kNow{seconds(1'795'000'000)};  // Wed, 18 Nov 2026 11:06:40 GMT
const api::CallContext kRead{"list_resources", api::CallEffect::kRead, "api.example"};
const api::CallContext kWrite{"add_resource", api::CallEffect::kWrite, "api.example"};

http::HttpOutcome answered(int status, const std::string& body = "") {
  http::HttpOutcome outcome;
  outcome.answer.status = status;
  outcome.answer.body = body;
  return outcome;
}

http::HttpOutcome failed(http::HttpFailure::Kind kind, int status = 0) {
  http::HttpOutcome outcome = answered(status);
  outcome.failure = http::HttpFailure{kind, "it broke"};
  return outcome;
}

std::optional<ports::Duration> retry_after(
    const std::map<std::string, std::string, std::less<>>& headers) {
  http::HttpAnswer answer;
  answer.headers = headers;
  return api::retry_after_of(answer, kNow);
}

}  // namespace

TEST_CASE("refusals are known by their status, for reads and writes alike") {
  const std::vector<std::pair<int, Kind>> table = {
      {400, Kind::kInvalid},     {401, Kind::kAuthentication}, {402, Kind::kBilling},
      {403, Kind::kPermission},  {404, Kind::kNotFound},       {405, Kind::kInvalid},
      {409, Kind::kConflict},    {413, Kind::kTooLarge},       {422, Kind::kInvalid},
      {429, Kind::kRateLimited}, {451, Kind::kInvalid}};
  for (const auto& [status, kind] : table) {
    CHECK(api::to_error(answered(status), kRead, kNow).kind == kind);
    CHECK(api::to_error(answered(status), kWrite, kNow).kind == kind);
  }
}

TEST_CASE("other answers are useless to a read and leave a write in doubt") {
  const auto envelope = error_json("overloaded_error", "Overloaded");
  for (const int status : {100, 302, 408, 500, 502, 503, 504, 529, 999}) {
    CHECK(api::to_error(answered(status, envelope), kRead, kNow).kind == Kind::kUnusableAnswer);
    CHECK(api::to_error(answered(status, envelope), kWrite, kNow).kind == Kind::kUnknownOutcome);
  }
}

TEST_CASE("failures of the transport say what may have happened") {
  using Failure = http::HttpFailure::Kind;
  for (const auto& context : {kRead, kWrite}) {
    const bool read = context.effect == api::CallEffect::kRead;
    const Kind doubt = read ? Kind::kUnusableAnswer : Kind::kUnknownOutcome;
    CHECK(api::to_error(failed(Failure::kNotSent), context, kNow).kind == Kind::kNotSent);
    CHECK(api::to_error(failed(Failure::kNoAnswer), context, kNow).kind == doubt);
    CHECK(api::to_error(failed(Failure::kNoAnswer, 200), context, kNow).kind == doubt);
    CHECK(api::to_error(failed(Failure::kUnbounded, 200), context, kNow).kind == doubt);
    CHECK(api::to_error(failed(Failure::kAborted), context, kNow).kind == Kind::kAborted);
    // The status says it all, even if the text was cut off.
    CHECK(api::to_error(failed(Failure::kNoAnswer, 404), context, kNow).kind == Kind::kNotFound);
  }
}

TEST_CASE("an error names the operation, the host, the code and the text") {
  const auto error = api::to_error(
      answered(400, error_json("invalid_request_error", "no such tool")), kWrite, kNow);
  CHECK(error.message ==
        "add_resource: api.example answered HTTP 400 (invalid_request_error): no such tool");
  CHECK(error.code == "invalid_request_error");
  CHECK(error.request_id == "req_1");
}

TEST_CASE("the request id of the header wins") {
  auto outcome = answered(400, error_json("t", "m"));
  outcome.answer.headers["request-id"] = "req_header";
  CHECK(api::to_error(outcome, kWrite, kNow).request_id == "req_header");
}

TEST_CASE("Retry-After is read in all its forms") {
  CHECK(retry_after({{"retry-after", "7"}}) == seconds(7));
  CHECK(retry_after({{"retry-after", "1.5"}}) == seconds(1));
  CHECK(retry_after({{"retry-after-ms", "250"}, {"retry-after", "7"}}) == milliseconds(250));
  CHECK(retry_after({{"retry-after-ms", "0"}, {"retry-after", "7"}}) == seconds(7));
  CHECK(retry_after({{"retry-after", "Wed, 18 Nov 2026 11:07:10 GMT"}}) == seconds(30));
  CHECK(retry_after({{"retry-after", "Wed, 18 Nov 2026 12:00:05 GMT"},
                     {"date", "Wed, 18 Nov 2026 12:00:00 GMT"}}) == seconds(5));
  CHECK(retry_after({{"retry-after", "3600"}}) == seconds(3600));
  CHECK(retry_after({{"retry-after-ms", "1795000000000"}, {"retry-after", "7"}}) == seconds(7));
}

TEST_CASE("a Retry-After that makes no sense is none") {
  for (const char* const value :
       {"", "0", "-5", "soon", "5 minutes", "1e9", "99999999999999999999", "-9223372036854775808",
        "9223372036854775807", "1795000000", "1795000000000", "3600001",
        "Fri, 01 Jan 2099 00:00:00 GMT", "Wed, 18 Nov 2020 11:06:40 GMT",
        "Wed, 99 Nov 2026 11:06:40 GMT"}) {
    INFO(value);
    CHECK(!retry_after({{"retry-after", value}}));
    CHECK(!retry_after({{"retry-after-ms", value}}));
  }
  CHECK(!retry_after({}));
}

TEST_CASE("running out of money is told from going too fast") {
  for (const char* const code :
       {"enforced_spend_limit_reached", "contract_spend_limit_reached", "ramp_limit_exceeded"}) {
    const std::string body = R"({"error":{"type":"rate_limit_error","message":"m",)"
                             R"("details":{"error_code":")" +
                             std::string(code) + R"("}}})";
    CHECK(api::refusal_of(api::to_error(answered(429, body), kRead, kNow)).spend_limit);
  }
  const auto plain = api::to_error(answered(429, error_json("rate_limit_error", "m")), kRead, kNow);
  CHECK(!api::refusal_of(plain).spend_limit);
}

TEST_CASE("of a body that is not the API's nothing is repeated but its kind and its size") {
  for (const int status : {200, 204, 400, 404, 413, 429, 502, 503}) {
    for (const std::string body :
         {"<p>something</p>", R"({"something": 1})", R"({"error": "something"})",
          R"({"error": {"message": 1, "other": "something"}})"}) {
      auto outcome = answered(status, body);
      outcome.answer.headers["content-type"] = "text/html";
      const auto error = status < 300
                             ? api::unusable_answer(outcome.answer, kRead, "it is not JSON")
                             : api::to_error(outcome, kRead, kNow);
      CAPTURE(error.message);
      CHECK(error.message.find("something") == std::string::npos);
      CHECK(error.message.find(std::to_string(body.size()) + " bytes of text/html") !=
            std::string::npos);
    }
  }
}

TEST_CASE("of where a redirect leads the host alone is said") {
  auto outcome = answered(302);
  outcome.answer.headers["location"] = "https://user:something@elsewhere.example/?token=something";
  CHECK(api::to_error(outcome, kRead, kNow).message.find("a redirect to elsewhere.example;") !=
        std::string::npos);
  outcome.answer.headers["location"] = "/login?token=something";
  const auto message = api::to_error(outcome, kRead, kNow).message;
  CHECK(message.find("a redirect to another path of it") != std::string::npos);
  CHECK(message.find("something") == std::string::npos);
}
