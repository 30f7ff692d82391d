#include "daemon/controller/schedule.h"

#include <utility>

#include "reconciler/policy/judge.h"

namespace sessync::controller {
namespace {

/// How often a manifest that is missing or bad is looked at although no event came.
constexpr ports::Duration kManifestRetry = std::chrono::seconds(10);
/// How often everything is looked at while events may be missed.
constexpr ports::Duration kDegradedPoll = std::chrono::seconds(10);
/// How often uploads that nothing needs any more are looked for.
constexpr ports::Duration kCollectInterval = std::chrono::minutes(20);

void keep_earliest(std::optional<ports::TimePoint>& next,
                   const std::optional<ports::TimePoint>& candidate) {
  if (candidate && (!next || *candidate < *next)) {
    next = candidate;
  }
}

}  // namespace

Work Schedule::step(const Wakeup& wakeup, ports::TimePoint now) {
  Work work;
  if (wakeup.manifest || wakeup.reload || (retry_manifest_ && *retry_manifest_ <= now)) {
    read_manifest(now, wakeup.reload);
  }
  table_.touch(wakeup.changed, now);
  take_in(wakeup, now);
  poll(now);
  work.collect = collect(now);
  work.next = table_.next_due_after(now);
  keep_earliest(work.next, retry_manifest_);
  keep_earliest(work.next, poll_at_);
  keep_earliest(work.next, collect_at_);
  return work;
}

/// What people asked for.
void Schedule::take_in(const Wakeup& wakeup, ports::TimePoint now) {
  for (const auto& demand : wakeup.demands) {
    table_.demand(demand.name, demand.allow_deletes, now);
  }
}

/// Until it is in force it is tried again, whatever is thrown on the way.
void Schedule::read_manifest(ports::TimePoint now, bool even_if_unchanged) {
  retry_manifest_ = now + kManifestRetry;
  const bool is_news = recall();
  auto texts = host_.read_manifest();
  auto given = host_.read_policy();
  auto lately_gone = absent_.look(texts, manifest_, now);
  const bool is_as_before = texts == texts_ && given == given_ && lately_gone == lately_gone_;
  if (!is_as_before || is_news || even_if_unchanged) {
    boundaries_ = policy::draw(given, boundaries_);
    load(texts, lately_gone);
    const auto judged = policy::judge(manifest_, boundaries_);
    host_.announce(judged);
    table_.activate(judged, now);
    texts_ = std::move(texts);
    given_ = std::move(given);
    lately_gone_ = std::move(lately_gone);
  }
  if (manifest_.valid() && boundaries_.problems.empty()) {
    retry_manifest_.reset();
  }
  keep_earliest(retry_manifest_, absent_.next());
}

/// As long as nobody can tell what was remembered nothing is written to a session, and what comes
/// into force meanwhile has no right to stay. True: it is known from now on.
bool Schedule::recall() {
  auto before = knows_holdings_ ? std::nullopt : keeper_.remembered();
  if (!before) return false;
  knows_holdings_ = true;
  manifest_.owner = before->owner.empty() ? manifest_.owner : std::move(before->owner);
  manifest_.held = std::move(before->claims);
  manifest_.secrets = std::move(before->secrets);
  manifest_.refused = std::move(before->refused);
  return true;
}

void Schedule::load(const std::vector<manifest::ManifestText>& texts,
                    std::set<std::string> lately_gone) {
  manifest_ = manifest::load_manifest(texts, manifest_,
                                      {.owner_if_none = owner_if_none_,
                                       .may_have = policy::claim_rights(boundaries_),
                                       .lately_gone = std::move(lately_gone)});
  if (knows_holdings_) {
    keeper_.remember(manifest_.holdings());
  }
}

void Schedule::poll(ports::TimePoint now) {
  if (!host_.watching_degraded()) {
    poll_at_.reset();
  } else if (!poll_at_ || *poll_at_ <= now) {
    poll_at_ = now + kDegradedPoll;
    table_.touch_all(now);
  }
}

bool Schedule::collect(ports::TimePoint now) {
  if (collect_at_ && *collect_at_ > now) {
    return false;
  }
  const bool is_first = !std::exchange(collect_at_, now + kCollectInterval);
  return !is_first && !table_.owner().empty();
}

}  // namespace sessync::controller
