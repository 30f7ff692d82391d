#pragma once

#include <functional>
#include <optional>

#include "reconciler/apply/apply_context.h"

namespace sessync {

/// Sends one repository its token. Until the API has answered, what the session has is recorded as
/// unknown, so that a crash or a lost answer is followed by one more rotation and never by none.
class TokenRotation {
 public:
  /// `action` is a rotation of the run's plan and outlives this; `finished` runs once.
  TokenRotation(ApplyRun& run, const Rotate& action, std::function<void(ActionResult)> finished);

  void start();

 private:
  void on_token(tl::expected<Token, TokenError> token);
  void send();
  void on_answer(const Result<Done>& answer);
  void on_refused(const ApiError& error);
  void refuse_for_good(const ApiError& error);
  void restore();
  [[nodiscard]] TokenRecord record(std::string fingerprint) const;
  void fail(std::string what);

  ApplyRun& run_;
  const Rotate& action_;
  std::function<void(ActionResult)> finished_;
  std::optional<TokenRecord> before_;
  Token token_;
  std::string request_id_;  ///< of the newest failure
};

}  // namespace sessync
