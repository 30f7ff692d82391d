#pragma once

#include <functional>
#include <optional>

#include "reconciler/apply/apply_context.h"

namespace sessync::apply {

/// Sends one repository its token. Until the API has answered, what the session has is recorded as
/// unknown, so that a crash or a lost answer is followed by one more rotation and never by none.
///
///   fetch the token ──► record "not known" ──► send it ──┬ accepted: its fingerprint is recorded
///                                                        ├ refused: what was known before is again
///                                                        └ no answer: it stays not known
///
/// The token itself is held between the fetch and the end of the call, and never recorded. A 4xx
/// from an idle session is remembered for that fingerprint. Lives as long as the run, on its
/// thread.
class TokenRotation {
 public:
  /// `action` is a rotation of the run's plan and outlives this; `finished` runs once.
  TokenRotation(ApplyRun& run, const plan::Rotate& action,
                std::function<void(ActionResult)> finished);

  /// Fetches the token and sends it; to be called once.
  void start();

 private:
  void on_token(tl::expected<ports::Token, ports::TokenError> token);
  void send();
  void on_answer(const ports::Result<ports::Done>& answer);
  void on_refused(const ports::ApiError& error);
  void refuse_for_good(const ports::ApiError& error);
  void restore();
  [[nodiscard]] ports::TokenRecord record(std::string fingerprint) const;
  void fail(std::string what);

  ApplyRun& run_;
  const plan::Rotate& action_;
  std::function<void(ActionResult)> finished_;
  std::optional<ports::TokenRecord> before_;
  ports::Token token_;
  std::string request_id_;  ///< of the newest failure
};

}  // namespace sessync::apply
