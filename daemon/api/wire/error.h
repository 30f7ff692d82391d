#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/http/client/http_client.h"
#include "reconciler/ports/api_error.h"
#include "reconciler/schedule/rate_budget.h"

namespace sessync::api {

enum class CallEffect { kRead, kWrite };

/// What an error has to say beside the answer itself.
struct CallContext {
  std::string_view operation;
  CallEffect effect = CallEffect::kRead;
  std::string_view host;  ///< that was asked
};

/// A complete answer with a 2xx status: all else is an error.
bool is_success(const http::HttpOutcome& outcome);

/// Of an answer nothing is repeated but the words, the codes and the ids of the API's own errors,
/// through foreign_text(). Classifies by status first, then by what is known of the sending. A read
/// that got no usable answer is kUnusableAnswer; a write is kUnknownOutcome, unless it surely had
/// no effect.
ports::ApiError to_error(const http::HttpOutcome& outcome, const CallContext& context,
                         ports::TimePoint now);

/// A complete 2xx answer that is not what was asked for. `reason` is ours and repeats none of it.
ports::ApiError unusable_answer(const http::HttpAnswer& answer, const CallContext& context,
                                std::string_view reason);

/// `retry-after-ms`, else `retry-after` (seconds or an HTTP date, relative to the `date` header or
/// `now`). Absent, unreadable and implausible (see plausible_wait) are alike: nothing.
std::optional<ports::Duration> retry_after_of(const http::HttpAnswer& answer, ports::TimePoint now);

/// What time it was at the server when it answered; nothing: it did not say.
std::optional<ports::TimePoint> date_of(const http::HttpAnswer& answer);

/// What an answer 429 says to the budget of its class.
schedule::RateRefusal refusal_of(const ports::ApiError& error);

}  // namespace sessync::api
