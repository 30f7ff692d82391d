#include "reconciler/tokens/rotation_decision.h"

#include <algorithm>
#include <utility>

#include "reconciler/limits.h"
#include "reconciler/observe/server_time.h"

namespace sessync::tokens {
namespace {

std::optional<ports::TimePoint> earliest(std::optional<ports::TimePoint> left,
                                         std::optional<ports::TimePoint> right) {
  if (!left || !right) {
    return left ? left : right;
  }
  return std::min(*left, *right);
}

class Decision {
 public:
  explicit Decision(const RotationInput& in) : in_(in) { out_.newest_fault = newest_fault(); }

  Rotation run() {
    if (!in_.token) {
      return say(Rotation::Verdict::kUnavailable, in_.token.error().message);
    }
    out_.fingerprint = in_.token->fingerprint;
    out_.unchecked = in_.token->unchecked;
    if (in_.record == nullptr || in_.record->fingerprint.empty()) {
      out_.lacks_fingerprint = true;
      return say(Rotation::Verdict::kDue, "it is not known which token the session has");
    }
    if (out_.fingerprint.empty()) {
      return unasked();
    }
    if (in_.record->fingerprint != out_.fingerprint) {
      return say(Rotation::Verdict::kDue,
                 in_.token->mints ? "the token's source changed" : "the token changed");
    }
    if (is_later(in_.newest_fault, in_.record->last_fault)) {
      return after_fault();
    }
    return by_age();
  }

 private:
  [[nodiscard]] std::string newest_fault() const {
    const std::string known = in_.record == nullptr ? std::string() : in_.record->last_fault;
    return is_later(in_.newest_fault, known) ? in_.newest_fault : known;
  }

  Rotation say(Rotation::Verdict verdict, std::string reason) {
    out_.verdict = verdict;
    out_.reason = std::move(reason);
    if (verdict == Rotation::Verdict::kDue && out_.unchecked) {
      out_.reason += "; not checked: " + *out_.unchecked;
    }
    return std::move(out_);
  }

  /// Nothing is known of the source's token, so only what needs a new one whatever it is is due.
  Rotation unasked() {
    if (is_later(in_.newest_fault, in_.record->last_fault)) {
      out_.unchecked = "GitHub refused the session's token at " + in_.newest_fault + "; " +
                       out_.unchecked.value_or("");
      return say(Rotation::Verdict::kNotDue, {});
    }
    return by_age();
  }

  Rotation after_fault() {
    const std::string what = "GitHub refused the session's token at " + in_.newest_fault;
    if (in_.token->mints) {
      out_.renew = true;
      return say(Rotation::Verdict::kDue, what);
    }
    const auto again =
        in_.record->sent_at.value_or(ports::TimePoint{}) + reconciler::kSameTokenInterval;
    if (in_.now >= again) {
      return say(Rotation::Verdict::kDue, what + "; the same token is tried again");
    }
    out_.next_check_at = again;
    return say(Rotation::Verdict::kUseless,
               what + " and its source still has the same one; put a token there that may read " +
                   in_.repository.url + ". The same one is sent again in an hour at the earliest");
  }

  Rotation by_age() {
    const auto& rotate_every = in_.repository.rotate_every;
    std::optional<ports::TimePoint> aged;
    if (rotate_every && in_.record->sent_at) {
      aged = *in_.record->sent_at + *rotate_every;
    }
    if (aged && *aged <= in_.now) {
      out_.renew = in_.token->mints;
      return say(Rotation::Verdict::kDue, "rotate_every is over");
    }
    const auto& renew_at = in_.record->renew_at;
    if (renew_at && *renew_at <= in_.now) {
      return say(Rotation::Verdict::kDue, "two thirds of the token's life are over");
    }
    out_.next_check_at = earliest(aged, renew_at);
    return say(Rotation::Verdict::kNotDue, {});
  }

  const RotationInput& in_;
  Rotation out_;
};

}  // namespace

bool is_later(const std::string& left, const std::string& right) {
  return observe::parse_server_time(left) > observe::parse_server_time(right);
}

Rotation decide_rotation(const RotationInput& input) { return Decision(input).run(); }

}  // namespace sessync::tokens
