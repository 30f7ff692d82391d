#include "daemon/controller/pass_runner.h"

#include "reconciler/output_directory.h"

namespace sessync {

/// Lets stop() reach the queue of a pass for as long as the pass runs.
class PassRunner::Registration {
 public:
  Registration(PassRunner& runner, CompletionQueue& queue) : runner_(runner), queue_(queue) {
    const std::lock_guard lock(runner_.mutex_);
    runner_.running_.insert(&queue_);
    if (runner_.stopping_) {
      queue_.stop();
    }
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  ~Registration() {
    const std::lock_guard lock(runner_.mutex_);
    runner_.running_.erase(&queue_);
  }

 private:
  PassRunner& runner_;
  CompletionQueue& queue_;
};

PassOutcome PassRunner::run(const PassRequest& request) {
  const auto snapshot = services_.scan(request.spec);
  if (request.stale && request.stale()) {
    PassOutcome put_off;
    put_off.look_again = true;
    return put_off;
  }
  PassInput input;
  input.spec = &request.spec;
  input.snapshot = &snapshot;
  input.owner = request.owner;
  input.allow_deletes = request.allow_deletes;
  input.dry_run = request.dry_run;
  input.parallel = settings_.parallel;
  input.list_grace = settings_.list_grace;
  PassOutcome outcome;
  with_ports(&request.spec, [&](Ports& ports, const std::string& outputs_refusal) {
    input.outputs_refusal = outputs_refusal;
    outcome = reconcile(input, ports);
  });
  return outcome;
}

void PassRunner::with_ports(const SessionSpec* spec,
                            const std::function<void(Ports&, const std::string&)>& work) {
  CompletionQueue queue;
  const Registration registration(*this, queue);
  const auto api = services_.make_api(queue);
  const auto store = services_.make_store(queue);
  const auto tokens = services_.make_tokens(queue);
  std::unique_ptr<OutputDirectory> outputs;
  std::string outputs_refusal;
  if (spec != nullptr && spec->outputs) {
    auto opened = services_.open_outputs(*spec);
    if (opened) {
      outputs = std::move(*opened);
    } else {
      outputs_refusal = std::move(opened.error());
    }
  }
  Ports ports{*api, *store, queue, tokens.get(), outputs.get()};
  work(ports, outputs_refusal);
  // Commits that nobody waited for still answer into the queue: they are drained before it goes.
  while (queue.run_one()) {
  }
}

void PassRunner::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (auto* queue : running_) {
    queue->stop();
  }
}

}  // namespace sessync
