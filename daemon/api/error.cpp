#include "daemon/api/error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <limits>

#include <time.h>  // NOLINT(modernize-deprecated-headers): strptime and timegm are POSIX

#include "daemon/api/wire.h"

namespace sessync {
namespace {

using Kind = ApiError::Kind;

constexpr std::size_t kMostQuoted = std::size_t{1} << 20;
constexpr std::int64_t kMostMilliseconds = std::numeric_limits<std::int32_t>::max();

std::string_view header(const HttpAnswer& answer, std::string_view name) {
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

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  const std::string date(text);
  std::tm parts{};
  const char* const rest = strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  return timegm(&parts);
}

std::optional<Duration> plausible(std::int64_t milliseconds) {
  if (milliseconds <= 0) return std::nullopt;
  return Duration(std::min(milliseconds, kMostMilliseconds));
}

std::optional<Duration> seconds_from(std::int64_t seconds) {
  if (seconds > kMostMilliseconds / 1000) return Duration(kMostMilliseconds);
  return seconds <= 0 ? std::nullopt : plausible(seconds * 1000);
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

/// The answer alone says that nothing was done. 408 is what a proxy says that lost patience.
bool is_refusal(int status) { return status >= 400 && status < 500 && status != 408; }

Kind kind_of_doubt(CallEffect effect) {
  return effect == CallEffect::kRead ? Kind::kUnusableAnswer : Kind::kUnknownOutcome;
}

Kind kind_of_failure(const HttpFailure& failure, CallEffect effect) {
  switch (failure.kind) {
    case HttpFailure::Kind::kNotSent:
      return Kind::kNotSent;
    case HttpFailure::Kind::kAborted:
      return Kind::kAborted;
    case HttpFailure::Kind::kSink:
      return Kind::kNotStored;
    default:
      return kind_of_doubt(effect);
  }
}

/// What `answer` says, as it may be shown: some servers repeat what they were sent. Redacted before
/// it is cut, because half a secret would not be recognised.
std::string quote(const HttpAnswer& answer, std::string_view text, std::size_t limit = 200) {
  std::string quoted(text.substr(0, kMostQuoted));
  if (answer.unspeakable) {
    for (const Secret& secret : *answer.unspeakable) quoted = redact(quoted, secret);
  }
  return excerpt(quoted, limit);
}

std::string quoted_body(const HttpAnswer& answer, const std::optional<ErrorBody>& body) {
  if (body && !body->message.empty()) return quote(answer, body->message, 500);
  return answer.body.empty() ? "no text" : quote(answer, answer.body);
}

/// What every answer says, whatever it answers.
void note_origin(const HttpAnswer& answer, ApiError& error) {
  error.http_status = answer.status;
  error.request_id = quote(answer, header(answer, "request-id"));
  error.organization_id = quote(answer, header(answer, "anthropic-organization-id"));
}

std::string message_of_status(const HttpAnswer& answer, const CallContext& context,
                              const ApiError& error, const std::optional<ErrorBody>& body) {
  const std::string head = std::string(context.operation) + ": " + std::string(context.host) +
                           " answered HTTP " + std::to_string(answer.status);
  if (answer.status >= 300 && answer.status < 400) {
    const auto location = header(answer, "location");
    const std::string target = host_of(location);
    return head + ", a redirect to " + quote(answer, target.empty() ? location : target) +
           "; redirects are not followed: check the base URL of the API";
  }
  const std::string code = error.code.empty() ? "" : " (" + error.code + ")";
  return head + code + ": " + quoted_body(answer, body);
}

ApiError from_status(const HttpAnswer& answer, const CallContext& context, TimePoint now) {
  const auto body = parse_error_body(answer.body);
  ApiError error;
  error.kind =
      is_refusal(answer.status) ? kind_of_refusal(answer.status) : kind_of_doubt(context.effect);
  note_origin(answer, error);
  if (body) {
    if (error.request_id.empty()) error.request_id = quote(answer, body->request_id);
    error.code = quote(answer, body->error_code.empty() ? body->type : body->error_code);
  }
  error.retry_after = retry_after_of(answer, now);
  error.message = message_of_status(answer, context, error, body);
  return error;
}

/// Length of the UTF-8 sequence that begins the text; 0 if none does.
std::size_t sequence_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  std::size_t length = 0;
  if (first >= 0xC2 && first <= 0xDF) length = 2;
  if (first >= 0xE0 && first <= 0xEF) length = 3;
  if (first >= 0xF0 && first <= 0xF4) length = 4;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) return 0;
  }
  // C2 80 to C2 9F are control characters that terminals obey.
  const bool control = first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
  return control ? 0 : length;
}

}  // namespace

bool is_success(const HttpOutcome& outcome) {
  return !outcome.failure && outcome.answer.status >= 200 && outcome.answer.status < 300;
}

ApiError to_error(const HttpOutcome& outcome, const CallContext& context, TimePoint now) {
  if (outcome.source_error) return *outcome.source_error;
  // An error status is one however little of its text arrived.
  const bool aborted = outcome.failure && outcome.failure->kind == HttpFailure::Kind::kAborted;
  const bool answered = !outcome.failure || outcome.answer.status >= 400;
  if (answered && !aborted) return from_status(outcome.answer, context, now);
  ApiError error;
  error.kind = kind_of_failure(*outcome.failure, context.effect);
  note_origin(outcome.answer, error);
  if (error.kind == Kind::kNotStored) {
    error.message = outcome.failure->message;
    return error;
  }
  error.message = std::string(context.operation) + ": no complete answer from " +
                  std::string(context.host) + ": " +
                  quote(outcome.answer, outcome.failure->message, 300);
  return error;
}

ApiError unusable_answer(const HttpAnswer& answer, const CallContext& context,
                         std::string_view reason) {
  ApiError error;
  error.kind = kind_of_doubt(context.effect);
  note_origin(answer, error);
  error.message = std::string(context.operation) + ": the answer of " + std::string(context.host) +
                  " cannot be used: " + quote(answer, reason) +
                  ". It begins: " + quote(answer, answer.body);
  return error;
}

std::optional<Duration> retry_after_of(const HttpAnswer& answer, TimePoint now) {
  if (const auto milliseconds = parse_count(header(answer, "retry-after-ms"))) {
    if (*milliseconds > 0) return plausible(*milliseconds);
  }
  const auto text = header(answer, "retry-after");
  if (const auto seconds = parse_count(text)) return seconds_from(*seconds);
  const auto date = parse_http_date(text);
  if (!date) return std::nullopt;
  const auto clock = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  return seconds_from(*date - parse_http_date(header(answer, "date")).value_or(clock.count()));
}

RateRefusal refusal_of(const ApiError& error) {
  static constexpr std::array<std::string_view, 3> kSpendLimits = {
      "enforced_spend_limit_reached", "contract_spend_limit_reached", "ramp_limit_exceeded"};
  const bool spend_limit = std::ranges::find(kSpendLimits, error.code) != kSpendLimits.end();
  return {error.retry_after, spend_limit};
}

std::string excerpt(std::string_view text, std::size_t limit) {
  std::string result;
  std::size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    const bool plain = c >= ' ' && c < '\x7f';
    const std::size_t length = plain ? 1 : sequence_length(text.substr(i));
    if (result.size() + std::max<std::size_t>(length, 1) > limit) return result;
    if (length > 0) {
      result.append(text.substr(i, length));
    } else {
      const bool blank = c == '\n' || c == '\r' || c == '\t';
      result += blank ? ' ' : '?';
    }
    i += std::max<std::size_t>(length, 1);
  }
  return result;
}

}  // namespace sessync
