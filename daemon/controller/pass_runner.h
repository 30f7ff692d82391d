#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "daemon/loop/completion_queue.h"
#include "manifest/spec.h"
#include "reconciler/reconcile.h"

namespace sessync {

/// What a pass is made of, as far as it differs between a daemon, a one-shot command and a test.
struct PassServices {
  std::function<WorkspaceSnapshot(const SessionSpec&)> scan;
  std::function<std::unique_ptr<SessionApi>(CompletionQueue&)> make_api;
  std::function<std::unique_ptr<StateStore>(CompletionQueue&)> make_store;
  std::function<std::unique_ptr<TokenSource>(CompletionQueue&)> make_tokens;
  /// The destination of a session with outputs, or why it may not be used.
  std::function<tl::expected<std::unique_ptr<OutputDirectory>, std::string>(const SessionSpec&)>
      open_outputs;
};

struct PassSettings {
  int parallel = 32;
  Duration list_grace{30'000};
};

struct PassRequest {
  SessionSpec spec;
  std::string owner;
  std::string allow_deletes;
  bool dry_run = false;
  std::function<bool()> stale;  ///< asked after the scan: true puts the pass off
};

/// Runs passes, each on the thread that asks for it.
class PassRunner {
 public:
  PassRunner(PassServices services, PassSettings settings)
      : services_(std::move(services)), settings_(settings) {}

  PassOutcome run(const PassRequest& request);

  /// What a pass would see of the workspace.
  WorkspaceSnapshot scan(const SessionSpec& spec) { return services_.scan(spec); }

  /// Runs `work` with the ports of a pass over `spec` (nothing: over no session), and why its
  /// outputs may not be brought back, if that is so.
  void with_ports(const SessionSpec* spec,
                  const std::function<void(Ports&, const std::string& outputs_refusal)>& work);

  /// From now on passes start no new chain. Any thread.
  void stop();

 private:
  class Registration;

  PassServices services_;
  PassSettings settings_;
  std::mutex mutex_;
  std::set<CompletionQueue*> running_;
  bool stopping_ = false;
};

}  // namespace sessync
