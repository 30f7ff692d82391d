#include "daemon/secrets/mint_table.h"

#include <algorithm>
#include <utility>

#include "daemon/os/thread.h"

namespace sessync {
namespace {

constexpr std::size_t kThreads = 4;
/// A token that does not say how long it lives is good for so long.
constexpr Duration kPlainKept = std::chrono::minutes(1);
/// Sessions that share a source which fails do not each ask it. Shorter than any queue's patience.
constexpr Duration kFailureKept = std::chrono::milliseconds(500);
constexpr Duration kLongestHold = std::chrono::minutes(15);
constexpr Duration kForgotten = std::chrono::hours(24);

/// In a handler.
MintResult of_current_exception() {
  return tl::unexpected(
      MintFailure{"met an error that nothing was prepared for: " + current_exception_text(), {}});
}

/// Whoever waits for the token is answered, whatever happens.
MintResult mint(const MintJob& job, const std::stop_token& stop) {
  try {
    return job(stop);
  } catch (...) {
    return of_current_exception();
  }
}

}  // namespace

MintTable::MintTable(std::function<TimePoint()> now)
    : now_(std::move(now)), pool_("token", kThreads) {}

std::optional<MintResult> MintTable::kept(const Slot& slot, Want want, TimePoint now) {
  if (slot.failure && now < slot.failure_holds_until) return tl::unexpected(*slot.failure);
  if (want == Want::kNew || !slot.last) return std::nullopt;
  const auto good_until = slot.last->renew_at.value_or(slot.last->obtained_at + kPlainKept);
  if (now >= good_until) return std::nullopt;
  return *slot.last;
}

void MintTable::ask(const std::string& source, Want want, MintJob job, Done done) {
  const TimePoint now = now_();
  std::unique_lock lock(mutex_);
  Slot& slot = slots_[source];
  const bool leads = slot.waiting.empty();
  if (const auto answer = leads ? kept(slot, want, now) : std::nullopt) {
    lock.unlock();
    return done(*answer);
  }
  slot.waiting.push_back(std::move(done));
  if (!leads) return;
  lock.unlock();
  try {
    pool_.submit([this, source, job = std::move(job)](const std::stop_token& stop) {
      finish(source, mint(job, stop));
    });
  } catch (...) {
    // Whoever asks from now on would wait with this one for a job that was never begun.
    finish(source, of_current_exception());
  }
}

void MintTable::finish(const std::string& source, const MintResult& result) {
  const TimePoint now = now_();
  std::vector<Done> waiting;
  {
    const std::lock_guard lock(mutex_);
    Slot& slot = slots_[source];
    waiting.swap(slot.waiting);
    if (result) {
      slot.last = *result;
      slot.failure.reset();
    } else {
      slot.failure = result.error();
      const Duration hold = std::max(kFailureKept, result.error().retry_after.value_or(Duration{}));
      slot.failure_holds_until = now + std::min(hold, kLongestHold);
    }
    forget_old(now);
  }
  for (const auto& done : waiting) done(result);
}

/// Sources that are no longer configured are not asked for again.
void MintTable::forget_old(TimePoint now) {
  std::erase_if(slots_, [now](const auto& entry) {
    const Slot& slot = entry.second;
    const TimePoint used = std::max(slot.last ? slot.last->obtained_at : TimePoint{},
                                    slot.failure ? slot.failure_holds_until : TimePoint{});
    return slot.waiting.empty() && now - used > kForgotten;
  });
}

bool MintTable::mints(const std::string& source) const {
  const std::lock_guard lock(mutex_);
  const auto found = slots_.find(source);
  return found != slots_.end() && found->second.last && found->second.last->renew_at;
}

}  // namespace sessync
