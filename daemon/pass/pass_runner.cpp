#include "daemon/pass/pass_runner.h"

#include <utility>

#include "daemon/os/thread.h"
#include "reconciler/ports/output_directory.h"
#include "reconciler/ports/pass_observer.h"
#include "reconciler/ports/session_api.h"
#include "reconciler/ports/state_store.h"
#include "reconciler/ports/token_source.h"

namespace sessync::runner {
namespace {

pass::PassOutcome failed(errors::SessionError::Code code, std::string message) {
  pass::PassOutcome outcome;
  outcome.error = errors::SessionError{code, std::move(message)};
  return outcome;
}

}  // namespace

/// A pass, for as long as it runs: what others may do to it, and see of it. Guarded by the runner's
/// mutex.
class PassRunner::UnderWay : public ports::PassObserver {
 public:
  UnderWay(PassRunner& runner, std::string name, std::function<bool()> withdrawn)
      : runner_(runner), queue_(std::move(withdrawn)) {
    progress_.name = std::move(name);
    progress_.waiting_since = os::now_anchored();
    progress_.reads_workspace = true;
    const std::lock_guard lock(runner_.mutex_);
    runner_.under_way_.insert(this);
    if (runner_.stopping_) {
      queue_.stop();
    }
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() override {
    const std::lock_guard lock(runner_.mutex_);
    runner_.under_way_.erase(this);
    runner_.closed_.notify_all();
  }

  [[nodiscard]] os::CompletionQueue& queue() { return queue_; }

  /// For as long as it lives others reach the pass's calls.
  class Reach {
   public:
    Reach(UnderWay& pass, ports::SessionApi& api) : pass_(pass) {
      const std::lock_guard lock(pass_.runner_.mutex_);
      pass_.api_ = &api;
      pass_.progress_.reads_workspace = false;
      if (pass_.hurried_) {
        api.hurry();
      }
    }
    Reach(const Reach&) = delete;
    Reach& operator=(const Reach&) = delete;
    ~Reach() {
      const std::lock_guard lock(pass_.runner_.mutex_);
      pass_.api_ = nullptr;
      pass_.progress_.waiting_since.reset();
    }

   private:
    UnderWay& pass_;
  };

  // Locked by the caller.

  [[nodiscard]] const std::string& name() const { return progress_.name; }
  [[nodiscard]] const std::set<std::string>& open() const { return open_; }
  void stop() {
    queue_.stop();
    review();
  }
  void review() {
    if (api_ != nullptr && queue_.stopping()) {
      api_->review();
    }
  }
  void hurry() {
    hurried_ = true;
    if (api_ != nullptr) {
      api_->hurry();
    }
  }

  [[nodiscard]] reconciler::PassProgress progress() const {
    reconciler::PassProgress progress = progress_;
    if (api_ != nullptr) {
      progress.waiting_since = queue_.waiting_since();
      progress.limited_until = api_->limited_until();
    }
    return progress;
  }

  void planned(const pass::PassOutcome& so_far) override {
    const std::lock_guard lock(runner_.mutex_);
    if (!so_far.plan.empty() && !so_far.suspended) {
      progress_.found = so_far;
      progress_.found->results.resize(so_far.plan.actions.size());
      progress_.known_since = os::now_anchored();
    }
  }
  void acted(std::size_t index, const apply::ActionResult& result) override {
    const std::lock_guard lock(runner_.mutex_);
    if (progress_.found) {
      progress_.found->results.at(index) = result;
    }
  }
  void opened(const manifest::MountPath& path) override {
    const std::lock_guard lock(runner_.mutex_);
    open_.insert(path.text());
  }
  void closed(const manifest::MountPath& path) override {
    const std::lock_guard lock(runner_.mutex_);
    open_.erase(path.text());
    runner_.closed_.notify_all();
  }

 private:
  PassRunner& runner_;
  os::CompletionQueue queue_;
  reconciler::PassProgress progress_;
  ports::SessionApi* api_ = nullptr;
  bool hurried_ = false;
  std::set<std::string> open_;
};

PassRunner::PassRunner(PassServices& services, PassSettings settings)
    : services_(services), settings_(std::move(settings)) {}

PassRunner::~PassRunner() = default;

pass::PassOutcome PassRunner::run(const PassRequest& request) {
  try {
    return attempt(request);
  } catch (...) {
    return failed(errors::SessionError::Code::kInternalError,
                  "the pass met an error that nothing was prepared for: " +
                      os::current_exception_text() + "; it is tried again");
  }
}

pass::PassOutcome PassRunner::attempt(const PassRequest& request) {
  UnderWay pass(*this, request.spec.name, request.withdrawn);
  if (request.hurried) {
    const std::lock_guard lock(mutex_);
    pass.hurry();
  }
  const auto snapshot = services_.scan(request.spec);
  if (snapshot.shortage) {
    return failed(errors::SessionError::Code::kOutOfResources,
                  "the workspace could not be read for lack of resources (" + *snapshot.shortage +
                      "); nothing is changed, and it is tried again soon");
  }
  if (request.stale && request.stale()) {
    pass::PassOutcome put_off;
    put_off.pass_again = true;
    return put_off;
  }
  const auto unknown = services_.unknown_state();
  std::optional<manifest::SessionSpec> suspended;
  if (unknown) {
    suspended = request.spec;
    suspended->suspend = true;
  }
  pass::PassInput input{suspended ? *suspended : request.spec, snapshot, request.owner};
  if (!request.allow_deletes.empty()) {
    input.allow_deletes = request.allow_deletes;
  }
  input.dry_run = request.dry_run;
  input.refresh = request.refresh;
  input.parallel = settings_.parallel;
  input.list_grace = settings_.list_grace;
  const auto markers = rules_for(request.spec.name);
  outputs::OutputsReport beside;
  if (fetcher_) {
    beside = fetcher_->take(request.spec.name);
    input.outputs_beside = &beside;
  }
  pass::PassOutcome outcome;
  with_ports(pass, &request.spec, markers,
             [&](ports::Ports& ports, const std::optional<std::string>& outputs_refusal) {
               input.outputs_refusal = outputs_refusal;
               outcome = reconciler::reconcile(input, ports);
             });
  if (outcome.identified && !request.dry_run) {
    const std::lock_guard lock(mutex_);
    adopted_.insert(request.spec.name);
  }
  if (unknown && !outcome.error) {
    outcome.error = errors::SessionError{errors::SessionError::Code::kStateUnavailable, *unknown};
  }
  if (outcome.outputs_due) {
    ask_for_outputs(request, outcome.session_id);
  }
  return outcome;
}

void PassRunner::ask_for_outputs(const PassRequest& request, const std::string& session_id) {
  fetcher_->ask(request.spec.name, [this, spec = request.spec, withdrawn = request.withdrawn,
                                    session_id](const std::function<bool()>& is_over) {
    return fetch(spec, session_id, [&] { return is_over() || (withdrawn && withdrawn()); });
  });
}

/// As if it were over no session: what is told of the session's own pass goes on.
outputs::OutputsReport PassRunner::fetch(const manifest::SessionSpec& spec,
                                         const std::string& session_id,
                                         std::function<bool()> withdrawn) {
  outputs::OutputsReport report;
  try {
    UnderWay pass(*this, std::string(), std::move(withdrawn));
    with_ports(pass, &spec, settings_.markers,
               [&](ports::Ports& ports, const std::optional<std::string>& outputs_refusal) {
                 const auto inventory = ports.store.load(session_id);
                 report = outputs::pull_outputs(
                     {session_id, *spec.outputs, inventory, outputs_refusal}, ports);
               });
  } catch (...) {
    report.error =
        errors::SessionError{errors::SessionError::Code::kInternalError,
                             "fetching outputs met an error that nothing was prepared for: " +
                                 os::current_exception_text() + "; it is tried again"};
    report.again = true;
  }
  return report;
}

void PassRunner::fetch_beside(OutputsFetcher::Told told) {
  if (!fetcher_) {
    fetcher_ = std::make_unique<OutputsFetcher>();
  }
  fetcher_->tell(std::move(told));
}

bool PassRunner::wait_for_fetches(ports::Duration longest) {
  return !fetcher_ || fetcher_->wait(longest);
}

void PassRunner::with_ports(const manifest::SessionSpec* spec, const Work& work) {
  UnderWay pass(*this, spec == nullptr ? std::string() : spec->name, {});
  with_ports(pass, spec, settings_.markers, work);
}

/// Whoever forges an unkeyed marker later, while the daemon that was started with --adopt-unkeyed
/// runs, forges in vain.
ports::MarkerRules PassRunner::rules_for(const std::string& session) {
  auto rules = settings_.markers;
  const std::lock_guard lock(mutex_);
  rules.adopt_unkeyed = rules.adopt_unkeyed && !adopted_.contains(session);
  return rules;
}

void PassRunner::with_ports(UnderWay& pass, const manifest::SessionSpec* spec,
                            const ports::MarkerRules& markers, const Work& work) {
  auto& queue = pass.queue();
  const auto api = services_.make_api(queue);
  const auto store = services_.make_store(queue);
  const auto tokens = services_.make_tokens(queue);
  std::unique_ptr<ports::OutputDirectory> outputs;
  std::optional<std::string> outputs_refusal;
  if (spec != nullptr && spec->outputs && !spec->outputs->denied) {
    auto opened = services_.open_outputs(*spec);
    if (opened) {
      outputs = std::move(*opened);
    } else {
      outputs_refusal = std::move(opened.error());
    }
  }
  const UnderWay::Reach reach(pass, *api);
  ports::Ports ports{*api, *store, queue, tokens.get(), outputs.get(), &pass, &markers};
  try {
    work(ports, outputs_refusal);
    // Commits that nobody waited for still answer into the queue: they are drained before it goes.
    while (queue.run_one()) {
    }
  } catch (...) {
    // What would take the answers is gone, but they come all the same.
    queue.discard_all();
    throw;
  }
}

void PassRunner::stop() {
  if (fetcher_) {
    fetcher_->stop();
  }
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (auto* pass : under_way_) {
    pass->stop();
  }
}

void PassRunner::review() {
  const std::lock_guard lock(mutex_);
  for (auto* pass : under_way_) {
    pass->review();
  }
}

void PassRunner::hurry(const std::string& session) {
  const std::lock_guard lock(mutex_);
  for (auto* pass : under_way_) {
    if (pass->name() == session) {
      pass->hurry();
    }
  }
}

std::vector<reconciler::PassProgress> PassRunner::progress() {
  const std::lock_guard lock(mutex_);
  std::vector<reconciler::PassProgress> all;
  all.reserve(under_way_.size());
  for (const auto* pass : under_way_) {
    all.push_back(pass->progress());
  }
  return all;
}

std::vector<std::string> PassRunner::open_paths(const std::string& session) const {
  std::set<std::string> paths;
  for (const auto* pass : under_way_) {
    if (pass->name() == session) {
      paths.insert(pass->open().begin(), pass->open().end());
    }
  }
  return {paths.begin(), paths.end()};
}

std::vector<std::string> PassRunner::wait_for_writes(const std::string& session,
                                                     ports::Duration longest) {
  std::unique_lock lock(mutex_);
  closed_.wait_for(lock, longest, [&] { return open_paths(session).empty(); });
  return open_paths(session);
}

}  // namespace sessync::runner
