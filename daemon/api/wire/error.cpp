#include "daemon/api/wire/error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <limits>

#include "daemon/api/wire/wire.h"
#include "daemon/http/client/base_url.h"
#include "daemon/os/foreign_text.h"
#include "reconciler/observe/server_time.h"

namespace sessync::api {
namespace {

using Kind = ports::ApiError::Kind;

constexpr ports::Duration kSecond{1000};
constexpr std::int64_t kMostMilliseconds = std::numeric_limits<std::int32_t>::max();

std::string_view header(const http::HttpAnswer& answer, std::string_view name) {
  const auto found = answer.headers.find(name);
  return found == answer.headers.end() ? std::string_view() : std::string_view(found->second);
}

/// Digits with an optional fraction, which is cut off. More digits than fit: nothing.
std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t value = 0;
  const std::string_view whole = text.substr(0, text.find('.'));
  const char* const begin = whole.data();  // NOLINT(bugprone-suspicious-stringview-data-usage)
  const char* const end = begin + whole.size();
  const auto [rest, problem] = std::from_chars(begin, end, value);
  if (problem != std::errc() || rest != end) return std::nullopt;
  return value;
}

/// In a range that cannot overflow.
std::optional<ports::Duration> wait_of(std::int64_t count, ports::Duration unit) {
  if (count <= 0) return std::nullopt;
  return unit * std::min(count, kMostMilliseconds / unit.count());
}

Kind kind_of_refusal(int status) {
  switch (status) {
    case 401:
      return Kind::kAuthentication;
    case 402:
      return Kind::kBilling;
    case 403:
      return Kind::kPermission;
    case 404:
      return Kind::kNotFound;
    case 409:
      return Kind::kConflict;
    case 413:
      return Kind::kTooLarge;
    case 429:
      return Kind::kRateLimited;
    default:
      return Kind::kInvalid;
  }
}

/// Refusals, some with status 400, that are about the account or the transfer: what was sent is not
/// to blame, and may be accepted once that is mended.
std::optional<Kind> kind_of_code(std::string_view code) {
  if (code == "request_body_timeout") return Kind::kNotSent;
  const bool account = code == "storage_quota_exceeded" || code == "organization_on_hold" ||
                       code.starts_with("cmek_");
  return account ? std::optional(Kind::kBilling) : std::nullopt;
}

/// The answer alone says that nothing was done. 408 is what a proxy says that lost patience.
bool is_refusal(int status) { return status >= 400 && status < 500 && status != 408; }

Kind kind_of_doubt(CallEffect effect) {
  return effect == CallEffect::kRead ? Kind::kUnusableAnswer : Kind::kUnknownOutcome;
}

Kind kind_of_failure(const http::HttpFailure& failure, CallEffect effect) {
  switch (failure.kind) {
    case http::HttpFailure::Kind::kNotSent:
      return Kind::kNotSent;
    case http::HttpFailure::Kind::kAborted:
      return Kind::kAborted;
    case http::HttpFailure::Kind::kSink:
      return Kind::kNotStored;
    default:
      return kind_of_doubt(effect);
  }
}

/// A body that is not the API's is not quoted: it may hold what was sent, or what others sent.
std::string kind_of_body(const http::HttpAnswer& answer) {
  const auto type = os::foreign_text(header(answer, "content-type"), 60);
  return std::to_string(answer.body.size()) + " bytes" + (type.empty() ? "" : " of " + type);
}

std::string words_of(const http::HttpAnswer& answer, const std::optional<ErrorBody>& body) {
  if (body && !body->message.empty()) return os::foreign_text(body->message, 500);
  return answer.body.empty() ? "no text" : "no words of the API, but " + kind_of_body(answer);
}

/// What every answer says, whatever it answers.
void note_origin(const http::HttpAnswer& answer, ports::ApiError& error) {
  error.http_status = answer.status;
  error.request_id = os::foreign_text(header(answer, "request-id"));
  error.organization_id = os::foreign_text(header(answer, "anthropic-organization-id"));
}

std::string message_of_status(const http::HttpAnswer& answer, const CallContext& context,
                              const ports::ApiError& error, const std::optional<ErrorBody>& body) {
  const std::string head = std::string(context.operation) + ": " + std::string(context.host) +
                           " answered HTTP " + std::to_string(answer.status);
  if (answer.status >= 300 && answer.status < 400) {
    const std::string target = os::foreign_text(http::host_of(header(answer, "location")));
    return head + ", a redirect to " + (target.empty() ? "another path of it" : target) +
           "; redirects are not followed: check the base URL of the API";
  }
  const std::string code = error.code.empty() ? "" : " (" + error.code + ")";
  return head + code + ": " + words_of(answer, body);
}

ports::ApiError from_status(const http::HttpAnswer& answer, const CallContext& context,
                            ports::TimePoint now) {
  const auto body = parse_error_body(answer.body);
  ports::ApiError error;
  error.kind =
      is_refusal(answer.status) ? kind_of_refusal(answer.status) : kind_of_doubt(context.effect);
  note_origin(answer, error);
  if (body) {
    if (error.request_id.empty()) error.request_id = os::foreign_text(body->request_id);
    error.code = os::foreign_text(body->error_code.empty() ? body->type : body->error_code);
    if (is_refusal(answer.status)) error.kind = kind_of_code(error.code).value_or(error.kind);
  }
  error.retry_after = retry_after_of(answer, now);
  error.message = message_of_status(answer, context, error, body);
  return error;
}

}  // namespace

bool is_success(const http::HttpOutcome& outcome) {
  return !outcome.failure && outcome.answer.status >= 200 && outcome.answer.status < 300;
}

ports::ApiError to_error(const http::HttpOutcome& outcome, const CallContext& context,
                         ports::TimePoint now) {
  if (outcome.source_error) return *outcome.source_error;
  // An error status is one however little of its text arrived.
  const bool aborted =
      outcome.failure && outcome.failure->kind == http::HttpFailure::Kind::kAborted;
  const bool answered = !outcome.failure || outcome.answer.status >= 400;
  if (answered && !aborted) return from_status(outcome.answer, context, now);
  ports::ApiError error;
  error.kind = kind_of_failure(*outcome.failure, context.effect);
  note_origin(outcome.answer, error);
  if (error.kind == Kind::kNotStored) {
    error.message = outcome.failure->message;
    return error;
  }
  error.message = std::string(context.operation) + ": no complete answer from " +
                  std::string(context.host) + ": " +
                  os::foreign_text(outcome.failure->message, 400);
  return error;
}

ports::ApiError unusable_answer(const http::HttpAnswer& answer, const CallContext& context,
                                std::string_view reason) {
  ports::ApiError error;
  error.kind = kind_of_doubt(context.effect);
  note_origin(answer, error);
  error.message = std::string(context.operation) + ": the answer of " + std::string(context.host) +
                  " (" + kind_of_body(answer) + ") cannot be used: " + std::string(reason);
  return error;
}

std::optional<ports::Duration> retry_after_of(const http::HttpAnswer& answer,
                                              ports::TimePoint now) {
  if (const auto milliseconds = parse_count(header(answer, "retry-after-ms"))) {
    if (const auto wait = schedule::plausible_wait(wait_of(*milliseconds, ports::Duration(1))))
      return wait;
  }
  const auto text = header(answer, "retry-after");
  if (const auto seconds = parse_count(text))
    return schedule::plausible_wait(wait_of(*seconds, kSecond));
  const auto date = observe::parse_http_date(text);
  if (!date) return std::nullopt;
  const auto begin = observe::parse_http_date(header(answer, "date")).value_or(now);
  return schedule::plausible_wait(
      wait_of(std::chrono::ceil<std::chrono::seconds>(*date - begin).count(), kSecond));
}

std::optional<ports::TimePoint> date_of(const http::HttpAnswer& answer) {
  const auto date = observe::parse_http_date(header(answer, "date"));
  return date ? std::optional(std::chrono::floor<ports::Duration>(*date)) : std::nullopt;
}

schedule::RateRefusal refusal_of(const ports::ApiError& error) {
  static constexpr std::array<std::string_view, 3> kSpendLimits = {
      "enforced_spend_limit_reached", "contract_spend_limit_reached", "ramp_limit_exceeded"};
  const bool spend_limit = std::ranges::find(kSpendLimits, error.code) != kSpendLimits.end();
  return {error.retry_after, spend_limit};
}

}  // namespace sessync::api
