#include "daemon/controller/schedule.h"

#include <utility>

namespace sessync {
namespace {

/// How often a manifest that is missing or bad is looked at although no event came.
constexpr Duration kManifestRetry = std::chrono::seconds(10);
/// How often everything is looked at while events may be missed.
constexpr Duration kDegradedPoll = std::chrono::seconds(10);
/// How often uploads that nothing needs any more are looked for.
constexpr Duration kCollectInterval = std::chrono::minutes(20);

void keep_earliest(std::optional<TimePoint>& next, const std::optional<TimePoint>& candidate) {
  if (candidate && (!next || *candidate < *next)) {
    next = candidate;
  }
}

}  // namespace

Work Schedule::step(const Wakeup& wakeup, TimePoint now) {
  Work work;
  for (const auto& pass : wakeup.finished) {
    table_.finish(pass.name, pass.outcome, now, world_.random());
  }
  if (wakeup.manifest || wakeup.reload || (retry_manifest_ && *retry_manifest_ <= now)) {
    work.in_force = read_manifest(now, wakeup.reload);
  }
  table_.touch(wakeup.changed, now);
  take_in(wakeup, now);
  poll(now);
  while (auto due = table_.start(now)) {
    work.passes.push_back(std::move(*due));
  }
  work.collect = collect(now);
  work.next = table_.next_due();
  keep_earliest(work.next, retry_manifest_);
  keep_earliest(work.next, poll_at_);
  keep_earliest(work.next, collect_at_);
  return work;
}

/// What people asked for.
void Schedule::take_in(const Wakeup& wakeup, TimePoint now) {
  if (wakeup.suspended) {
    table_.set_suspended(*wakeup.suspended, now);
  }
  for (const auto& demand : wakeup.demands) {
    table_.allow_deletes(demand.name, demand.allow_deletes, now);
  }
}

bool Schedule::read_manifest(TimePoint now, bool even_if_unchanged) {
  auto texts = world_.read_manifest();
  const bool is_news = texts != texts_ || even_if_unchanged;
  if (is_news) {
    texts_ = std::move(texts);
    manifest_ = load_manifest(texts_, manifest_);
    table_.put_in_force(manifest_, now);
  }
  retry_manifest_ = manifest_.valid() ? std::nullopt : std::optional(now + kManifestRetry);
  return is_news;
}

void Schedule::poll(TimePoint now) {
  if (!world_.watching_degraded()) {
    poll_at_.reset();
  } else if (!poll_at_ || *poll_at_ <= now) {
    poll_at_ = now + kDegradedPoll;
    table_.touch_all(now);
  }
}

bool Schedule::collect(TimePoint now) {
  if (collect_at_ && *collect_at_ > now) {
    return false;
  }
  const bool is_first = !std::exchange(collect_at_, now + kCollectInterval);
  return !is_first && !table_.owner().empty();
}

}  // namespace sessync
