#include "reconciler/apply/rotate_token.h"

#include <algorithm>
#include <utility>

#include "reconciler/apply/file_chain.h"
#include "reconciler/errors/session_error.h"
#include "reconciler/limits.h"

namespace sessync::apply {
namespace {

using ErrorKind = ports::ApiError::Kind;

}  // namespace

TokenRotation::TokenRotation(ApplyRun& run, const plan::Rotate& action,
                             std::function<void(ActionResult)> finished)
    : run_(run), action_(action), finished_(std::move(finished)) {
  const auto& known = run_.in.inventory.tokens;
  const auto found =
      std::ranges::find(known, action_.resource_id, &ports::TokenRecord::resource_id);
  if (found != known.end()) {
    before_ = *found;
  }
}

void TokenRotation::start() {
  if (run_.ports.tokens == nullptr) {
    return fail("there is no source of tokens");
  }
  ports::TokenRequest request{action_.repository.url, *action_.repository.authorization_token,
                              before_ ? before_->fingerprint : std::string(),
                              action_.rotation.renew};
  run_.ports.tokens->fetch(
      std::move(request),
      [this](tl::expected<ports::Token, ports::TokenError> token) { on_token(std::move(token)); });
}

void TokenRotation::on_token(tl::expected<ports::Token, ports::TokenError> token) {
  if (!token) {
    return fail(token.error().message);
  }
  if (!run_.may_start()) {
    return fail("stopped before the token was sent");
  }
  token_ = std::move(*token);
  run_.ports.store.commit({ports::change::PutToken{run_.in.session_id, record({})}},
                          [this](const tl::expected<ports::Done, ports::StoreError>& durable) {
                            durable ? send() : fail(durable.error().message);
                          });
}

void TokenRotation::send() {
  if (!run_.may_start()) {
    restore();
    return fail("stopped before the token was sent");
  }
  run_.open(action_.path);
  run_.ports.api.rotate_token(
      {run_.in.session_id, action_.resource_id, token_.secret},
      [this](const ports::Result<ports::Done>& answer) { on_answer(answer); });
}

void TokenRotation::on_answer(const ports::Result<ports::Done>& answer) {
  run_.close(action_.path);
  if (!answer) {
    return on_refused(answer.error());
  }
  auto sent = record(token_.state.fingerprint);
  sent.sent_at = run_.ports.loop.now();
  sent.renew_at = token_.renew_at;
  if (sent.renew_at) {
    sent.renew_at = std::max(*sent.renew_at, *sent.sent_at + reconciler::kSoonestRenewal);
  }
  sent.last_fault = action_.rotation.newest_fault;
  run_.record({ports::change::PutToken{run_.in.session_id, std::move(sent)},
               ports::change::DropRefusal{run_.in.session_id, action_.path.text()}});
  finished_({ActionResult::Outcome::kDone, {}});
}

void TokenRotation::on_refused(const ports::ApiError& error) {
  request_id_ = error.request_id;
  if (ports::is_unknown_outcome(error) || error.kind == ErrorKind::kUnusableAnswer) {
    return fail("it is not known whether the token was accepted: " + ports::describe(error) +
                "; it is sent again");
  }
  restore();
  if (error.kind == ErrorKind::kAuthentication) {
    run_.halt(errors::SessionError::Code::kAuthenticationFailed, ports::describe(error));
  }
  run_.report.rate_limited |= error.kind == ErrorKind::kRateLimited;
  if (!errors::is_refused_for_good(error)) {
    return fail("the token was not sent: " + ports::describe(error) +
                "; the next pass tries again");
  }
  run_.read_session([this, error](const ports::Result<ports::SessionInfo>& info) {
    if (info && !info->archived_at && info->is_idle()) {
      return refuse_for_good(error);
    }
    if (info && info->archived_at) {
      run_.halt(errors::SessionError::Code::kSessionArchived,
                "the session was archived at " + *info->archived_at);
    }
    fail("the token was refused: " + ports::describe(error) + "; the next pass tries again");
  });
}

void TokenRotation::refuse_for_good(const ports::ApiError& error) {
  run_.record({ports::change::PutRefusal{
      run_.in.session_id,
      {action_.path.text(), action_.rotation.fingerprint,
       error.code.empty() ? std::to_string(error.http_status) : error.code, error.message,
       run_.ports.loop.now()}}});
  fail("the token was refused: " + ports::describe(error));
}

/// A refusal had no effect: the session still has what it had.
void TokenRotation::restore() {
  if (before_) {
    run_.record({ports::change::PutToken{run_.in.session_id, *before_}});
  } else {
    run_.record({ports::change::DropToken{run_.in.session_id, action_.resource_id}});
  }
}

ports::TokenRecord TokenRotation::record(std::string fingerprint) const {
  ports::TokenRecord record = before_.value_or(ports::TokenRecord{});
  record.resource_id = action_.resource_id;
  record.fingerprint = std::move(fingerprint);
  return record;
}

void TokenRotation::fail(std::string what) {
  finished_({ActionResult::Outcome::kFailed, std::move(what), request_id_});
}

}  // namespace sessync::apply
