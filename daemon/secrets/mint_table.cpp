#include "daemon/secrets/mint_table.h"

#include <algorithm>
#include <utility>

#include "daemon/os/live_secrets.h"
#include "daemon/os/thread.h"

namespace sessync::secrets {
namespace {

/// Sources wait for each other's programs and for GitHub, not for a processor.
constexpr std::size_t kThreads = 4;
/// Sources, each of which is asked once at a time: more than any manifest has.
constexpr std::size_t kMostWaiting = 65'536;
/// A token that does not say how long it lives is good for so long.
constexpr ports::Duration kPlainKept = std::chrono::minutes(1);
/// Sessions that share a source which fails do not each ask it. Shorter than any queue's patience.
constexpr ports::Duration kFailureKept = std::chrono::milliseconds(500);
constexpr ports::Duration kLongestHold = std::chrono::minutes(15);
constexpr ports::Duration kForgotten = std::chrono::hours(24);

/// In a handler.
MintResult of_current_exception() noexcept {
  MintFailure failure;
  try {
    failure.message = "met an error that nothing was prepared for: " + os::current_exception_text();
  } catch (...) {
    failure.message = "out of memory";  // short enough to need none
  }
  return tl::unexpected(std::move(failure));
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

MintTable::MintTable(std::function<ports::TimePoint()> now)
    : now_(std::move(now)),
      executor_({.name = "token",
                 .task = "fetching a token",
                 .most_waiting = kMostWaiting,
                 .at_stop = os::Executor::AtStop::kRun,
                 .threads = kThreads}) {}

std::optional<MintResult> MintTable::kept(const Slot& slot, Want want, ports::TimePoint now) {
  if (slot.failure && now < slot.failure_holds_until) return tl::unexpected(*slot.failure);
  if (want == Want::kNew || !slot.last) return std::nullopt;
  const auto good_until = slot.last->renew_at.value_or(slot.last->obtained_at + kPlainKept);
  if (now >= good_until) return std::nullopt;
  return *slot.last;
}

void MintTable::ask(const std::string& source, Want want, const MintJob& job, Done done) {
  const ports::TimePoint now = now_();
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
    hand_over(source, job);
  } catch (...) {
    // Whoever asks from now on would wait with this one for a job that was never begun.
    finish(source, of_current_exception());
  }
}

void MintTable::hand_over(const std::string& source, const MintJob& job) {
  const auto submitted = executor_.submit(
      [this, source, job](const std::stop_token& stop) { finish(source, mint(job, stop)); });
  if (submitted == os::Executor::Submitted::kTaken) return;
  if (submitted == os::Executor::Submitted::kFull) {
    return finish(source, tl::unexpected(MintFailure{"too many sources are being asked", {}}));
  }
  const std::stop_source stopped;
  stopped.request_stop();
  finish(source, mint(job, stopped.get_token()));
}

/// What one of those who wait throws is its own affair.
void MintTable::finish(const std::string& source, const MintResult& result) {
  const ports::TimePoint now = now_();
  std::vector<Done> waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto found = slots_.find(source);
    if (found == slots_.end()) return;
    waiting.swap(found->second.waiting);
    os::guarded("keeping a token", [&] {
      keep(found->second, result, now);
      if (result) os::live_secrets().replace("source " + source, result->token);
    });
    forget_old(now);
  }
  for (const auto& done : waiting) {
    os::guarded("handing out a token", [&] { done(result); });
  }
}

void MintTable::keep(Slot& slot, const MintResult& result, ports::TimePoint now) {
  if (result) {
    slot.last = *result;
    slot.failure.reset();
    return;
  }
  slot.failure = result.error();
  const ports::Duration hold =
      std::max(kFailureKept, result.error().retry_after.value_or(ports::Duration{}));
  slot.failure_holds_until = now + std::min(hold, kLongestHold);
}

/// Sources that are no longer configured are not asked for again.
void MintTable::forget_old(ports::TimePoint now) {
  std::erase_if(slots_, [now](const auto& entry) {
    const Slot& slot = entry.second;
    const ports::TimePoint used =
        std::max(slot.last ? slot.last->obtained_at : ports::TimePoint{},
                 slot.failure ? slot.failure_holds_until : ports::TimePoint{});
    return slot.waiting.empty() && now - used > kForgotten;
  });
}

bool MintTable::mints(const std::string& source) const {
  const std::lock_guard lock(mutex_);
  const auto found = slots_.find(source);
  return found != slots_.end() && found->second.last && found->second.last->renew_at;
}

}  // namespace sessync::secrets
