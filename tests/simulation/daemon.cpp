#include "tests/simulation/daemon.h"

#include <algorithm>
#include <utility>

#include "reconciler/gc/expire_uploads.h"
#include "reconciler/gc/forget_sessions.h"
#include "reconciler/plan/describe.h"
#include "tests/simulation/drained_store.h"
#include "tests/simulation/watched_api.h"

namespace sessync::simulation {

namespace {

/// Those of the life before; some of those are of a version that looked for no secrets.
std::vector<workspace::DigestEntry> kept_digests(std::vector<workspace::DigestEntry> kept,
                                                 Random& random) {
  const bool is_upgrade = random.one_in(3);
  for (auto& entry : kept) {
    if (is_upgrade) {
      entry.patterns = entry.secret_kind = entry.secret_line = 0;
    }
  }
  return kept;
}

}  // namespace

/// The loop of one job. Waiting is leaving the fiber; what was waited for happens meanwhile.
class Daemon::JobLoop : public ports::Loop {
 public:
  JobLoop(Daemon& daemon, Job& job) : daemon_(daemon), job_(job) {}

  [[nodiscard]] ports::TimePoint now() const override { return daemon_.world_.now(); }
  void after(ports::Duration delay, std::function<void()> then) override {
    daemon_.world_.loop.after(delay, std::move(then));
  }
  [[nodiscard]] bool stopping() const override {
    return daemon_.stopping_ || (job_.withdrawn && job_.withdrawn());
  }
  [[nodiscard]] bool ending() const override { return daemon_.stopping_; }

  bool run_one() override {
    job_.seen = daemon_.world_.loop.completions();
    job_.fiber->leave();
    if (daemon_.dying_) {
      throw Death{};
    }
    return !std::exchange(job_.in_vain, false);
  }

 private:
  Daemon& daemon_;
  Job& job_;
};

Daemon::Daemon(World& world)
    : world_(world),
      random_(world.random.next()),
      api_(*world.apis.emplace_back(
          std::make_unique<MemorySessionApi>(world.model, world.loop, &world.disk))),
      cache_(kept_digests(world.digests, random_)),
      schedule_(*this, *this, {{std::chrono::hours(1), {}}, ""}),
      workers_(1 + random_.below(3)) {
  schedule_.table().set_suspended(world.suspended, world.now());
  api_.is_stopping = [this](const std::string& id) { return is_stopping(id); };
  api_.clock_skew = world.clock_skew;
  api_.on_write = [&world](const SessionModel&) { world.judge_uploads(); };
  wakeup_.manifest = true;
  world_.manifest_is_news = world_.workspace_is_news = false;
  world_.faults_are_news = true;
  world_.teams.restarted();
}

Daemon::~Daemon() {
  if (!jobs_.empty()) {
    crash();
  }
  api_.is_stopping = nullptr;
  world_.digests = keeps_digests_ ? cache_.entries() : std::vector<workspace::DigestEntry>();
}

bool Daemon::is_stopping(const std::string& session_id) const {
  const auto is_over = [&](const Job& job) {
    return job.session_id == session_id && job.withdrawn && job.withdrawn();
  };
  return stopping_ || (!session_id.empty() && std::ranges::any_of(jobs_, is_over));
}

void Daemon::obey_suspensions() { schedule_.table().set_suspended(world_.suspended, world_.now()); }

std::optional<ports::TimePoint> Daemon::oldest_job() const {
  const auto oldest = std::ranges::min_element(jobs_, {}, &Job::began);
  return oldest == jobs_.end() ? std::nullopt : std::optional(oldest->began);
}

std::vector<manifest::ManifestText> Daemon::read_manifest() {
  read_ = world_.team_files();
  std::vector<manifest::ManifestText> texts{{"sessync.yaml", world_.manifest_text, ""}};
  if (world_.rival) {
    const auto& [name, set, is_broken] = *world_.rival;
    texts.push_back({name, is_broken ? "version: 1\nowner: [" : to_yaml(set), ""});
  }
  return texts;
}

void Daemon::announce(const manifest::Manifest& manifest) {
  ++announced_;
  if (const auto wrong = world_.teams.judge(read_, manifest, world_.now())) {
    world_.violated("nothing changes because of another team's file: " + *wrong);
  }
}

/// What the watcher would report, and when.
void Daemon::watch() {
  if (std::exchange(world_.faults_are_news, false)) {
    api_.faults.clear();
    std::ranges::for_each(world_.faults, [this](const auto& rule) { api_.faults.add(rule); });
  }
  const auto settled = world_.now() + ports::Duration(50 + random_.below(150));
  if (std::exchange(world_.workspace_is_news, false) && !world_.events_are_lost) {
    look_at_workspace_ = settled;
  }
  if (std::exchange(world_.manifest_is_news, false)) {
    look_at_manifest_ = settled;
  }
  if (look_at_manifest_ && *look_at_manifest_ <= world_.now()) {
    look_at_manifest_.reset();
    wakeup_.manifest = true;
  }
  if (look_at_workspace_ && *look_at_workspace_ <= world_.now()) {
    look_at_workspace_.reset();
    for (const auto& spec : sessions()) {
      wakeup_.changed.push_back(spec.name);
    }
  }
}

bool Daemon::step_schedule() {
  const bool woken = wakeup_.manifest || !wakeup_.changed.empty() || !finished_.empty();
  if (!is_scheduling_ || (!woken && (!next_ || *next_ > world_.now()))) {
    return false;
  }
  for (const auto& [name, outcome] : std::exchange(finished_, {})) {
    schedule_.table().finish(name, outcome, world_.now(), random_.fraction());
  }
  const auto work = schedule_.step(std::exchange(wakeup_, {}), world_.now());
  next_ = work.next;
  if (work.collect && !stopping_) {
    begin([owner = owner(), declared = sessions(),
           whole = schedule_.manifest().valid()](ports::Ports& ports) {
      gc::collect_uploads(owner, ports);
      if (whole) {
        gc::forget_left_sessions(owner, declared, ports);
      }
    });
  }
  return true;
}

/// A worker that is free takes the next session that is due.
bool Daemon::take_due() {
  if (!is_scheduling_ || stopping_ || working_ == workers_) {
    return false;
  }
  auto due = schedule_.table().start(world_.now());
  if (!due) {
    return false;
  }
  ++working_;
  const auto name = due->spec.name;
  auto withdrawn = [this, name, revision = due->revision] {
    return !schedule_.table().is_in_force(name, revision);
  };
  Order order{std::move(due->spec), due->owner, due->allow_deletes};
  order.refresh = due->refresh;
  order.withdrawn = std::move(withdrawn);
  begin_pass(order, [this, name](const pass::PassOutcome& outcome) {
    --working_;
    finished_.emplace_back(name, outcome);
  });
  return true;
}

bool Daemon::act() {
  watch();
  switch (random_.below(3)) {
    case 0:
      return step_schedule() || take_due() || resume_some();
    case 1:
      return take_due() || resume_some() || step_schedule();
    default:
      return resume_some() || step_schedule() || take_due();
  }
}

std::optional<ports::TimePoint> Daemon::next() const {
  auto soonest = is_scheduling_ ? next_ : std::nullopt;
  for (const auto& look : {look_at_workspace_, look_at_manifest_}) {
    if (look && (!soonest || *look < *soonest)) {
      soonest = look;
    }
  }
  return soonest;
}

bool Daemon::resume_some() {
  std::vector<std::list<Job>::iterator> ready;
  for (auto job = jobs_.begin(); job != jobs_.end(); ++job) {
    if (!job->started || job->seen != world_.loop.completions()) {
      ready.push_back(job);
    }
  }
  if (ready.empty()) {
    return false;
  }
  resume(ready[random_.below(ready.size())]);
  return true;
}

bool Daemon::give_up_waiting() {
  if (jobs_.empty()) {
    return false;
  }
  jobs_.front().in_vain = true;
  resume(jobs_.begin());
  return true;
}

void Daemon::resume(std::list<Job>::iterator job) {
  job->started = true;
  job->fiber->enter();
  if (job->fiber->ended()) {
    jobs_.erase(job);
  }
}

void Daemon::begin(std::function<void(ports::Ports&)> work, std::function<void()> ended) {
  auto& job = jobs_.emplace_back();
  job.began = world_.now();
  job.fiber =
      std::make_unique<Fiber>([this, &job, work = std::move(work), ended = std::move(ended)] {
        JobLoop loop(*this, job);
        DrainedStore store(world_.store);
        ports::Ports ports{api_, store, loop, &world_.tokens, nullptr, nullptr, &world_.markers};
        try {
          work(ports);
          while (!store.is_drained() && loop.run_one()) {
          }
          ended();
        } catch (const Death&) {  // the process is dead, and so is what it was doing
          job.in_vain = true;
        } catch (const std::exception& mistake) {
          world_.violated(std::string("a pass never throws: ") + mistake.what());
        }
      });
}

void Daemon::begin_pass(const Order& order, std::function<void(const pass::PassOutcome&)> done) {
  ++passes_;
  const auto result = std::make_shared<pass::PassOutcome>();
  const auto work = [this, order, made_by = announced_, result](ports::Ports& ports) {
    const auto& spec = order.spec;
    const auto snapshot = world_.disk.scan(spec, cache_, order.waits_for_reads);
    pass::PassInput input{spec, snapshot, order.owner};
    if (!order.allow_deletes.empty()) {
      input.allow_deletes = order.allow_deletes;
    }
    input.dry_run = order.dry_run;
    input.refresh = order.refresh;
    input.parallel = order.parallel;
    input.list_grace = order.list_grace;
    world_.note(spec.name + ": pass begins");
    world_.note_adoptable(spec);
    WatchedApi watched(api_, world_, input, [this, made_by] { return made_by == announced_; });
    auto* tokens = order.dry_run ? &world_.tokens.for_looks() : ports.tokens;
    ports::Ports own{watched, ports.store, ports.loop, tokens, nullptr, nullptr, &world_.markers};
    *result = reconciler::reconcile(input, own);
    world_.note(spec.name + (result->settled() ? ": settled" : ": not settled") +
                (result->error ? ", " + result->error->message : ""));
    world_.judge_outcome(input, *result);
    watched.judge_end(*result);
  };
  begin(work, [result, done = std::move(done)] { done(*result); });
  jobs_.back().session_id = order.spec.session_id.value_or("");
  jobs_.back().withdrawn = order.withdrawn;
}

void Daemon::crash() {
  dying_ = true;
  api_.hang_up();
  while (!jobs_.empty()) {
    if (jobs_.front().started) {
      resume(jobs_.begin());
    } else {
      jobs_.pop_front();
    }
  }
  using Fate = TestLoop::Fate;
  world_.loop.crash([this] {
    const auto dice = random_.below(3);
    return dice == 0 ? Fate::kLost : dice == 1 ? Fate::kArrives : Fate::kStillOnItsWay;
  });
  world_.store.crash();
}

}  // namespace sessync::simulation
