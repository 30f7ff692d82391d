#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/os/completion_queue.h"
#include "daemon/pass/outputs_fetcher.h"
#include "manifest/spec.h"
#include "reconciler/condition.h"
#include "reconciler/limits.h"
#include "reconciler/ports/marker_key.h"
#include "reconciler/reconcile.h"

namespace sessync::runner {

/// What a pass is made of, as far as it differs between a daemon, a one-shot command and a test.
/// Called by the threads of passes, several at a time. What is thrown ends the pass with an error.
class PassServices {
 public:
  PassServices() = default;
  PassServices(const PassServices&) = delete;
  PassServices& operator=(const PassServices&) = delete;
  virtual ~PassServices() = default;

  /// The workspace as the session's entries see it, now.
  virtual ports::WorkspaceSnapshot scan(const manifest::SessionSpec& spec) = 0;

  // The ports of one pass, never null. What they were asked for is answered into its queue, which
  // outlives them.
  virtual std::unique_ptr<ports::SessionApi> make_api(os::CompletionQueue& queue) = 0;
  virtual std::unique_ptr<ports::StateStore> make_store(os::CompletionQueue& queue) = 0;
  virtual std::unique_ptr<ports::TokenSource> make_tokens(os::CompletionQueue& queue) = 0;
  /// The destination of a session with outputs, or why it may not be used.
  virtual tl::expected<std::unique_ptr<ports::OutputDirectory>, std::string> open_outputs(
      const manifest::SessionSpec& spec) = 0;

  /// Why nobody can tell what the state holds; nothing: what it holds is known.
  virtual std::optional<std::string> unknown_state() = 0;
};

struct PassSettings {
  int parallel = reconciler::kParallelChains;
  ports::Duration list_grace = reconciler::kListGrace;
  /// `adopt_unkeyed` holds for each session until a pass has seen all that is in it.
  ports::MarkerRules markers{};
};

struct PassRequest {
  manifest::SessionSpec spec;
  std::string owner;
  std::string allow_deletes;  ///< the held-back set that may pass this time; "" for none
  bool dry_run = false;
  bool refresh = true;          ///< see PassInput
  bool hurried = false;         ///< see SessionApi::hurry
  std::function<bool()> stale;  ///< asked after the scan: true puts the pass off
  /// True: what the pass was made with is no longer in force, so it begins nothing more. Asked
  /// before each write that begins something, on any thread; must not wait.
  std::function<bool()> withdrawn;
};

/// Runs passes, each on the thread that asks for it. An exception ends the pass in which it was
/// thrown, with an error, and nothing else.
///
/// While the state is not known a session may be suspended, or somebody else's work: it is looked
/// at, and nothing is written to it.
class PassRunner {
 public:
  /// `services` must outlive this.
  PassRunner(PassServices& services, PassSettings settings);
  PassRunner(const PassRunner&) = delete;
  PassRunner& operator=(const PassRunner&) = delete;
  ~PassRunner();

  pass::PassOutcome run(const PassRequest& request);

  /// What a pass would see of the workspace.
  ports::WorkspaceSnapshot scan(const manifest::SessionSpec& spec) { return services_.scan(spec); }

  /// Runs `work` with the ports of a pass over `spec` (nothing: over no session), and why its
  /// outputs may not be brought back, if that is so.
  using Work =
      std::function<void(ports::Ports&, const std::optional<std::string>& outputs_refusal)>;
  void with_ports(const manifest::SessionSpec* spec, const Work& work);

  /// From now on outputs are fetched beside passes. `told`: see OutputsFetcher::tell.
  void fetch_beside(OutputsFetcher::Told told);

  /// From now on passes start no new chain. Any thread.
  void stop();
  /// Once it is stopped: waits for what is being fetched beside. False: it took longer.
  bool wait_for_fetches(ports::Duration longest);
  /// What PassRequest::withdrawn says has changed: calls that wait and are withdrawn end now. Any
  /// thread.
  void review();
  /// A pass over the session that is under way does not wait for the end of a rate limit. Any
  /// thread.
  void hurry(const std::string& session);

  /// What is known of the passes under way. Any thread.
  std::vector<reconciler::PassProgress> progress();

  /// Waits until no write of a pass over the session is under way, or the time is over. The paths
  /// that may still change, sorted; "" is the session itself. Any thread.
  std::vector<std::string> wait_for_writes(const std::string& session, ports::Duration longest);

 private:
  class UnderWay;

  pass::PassOutcome attempt(const PassRequest& request);
  void ask_for_outputs(const PassRequest& request, const std::string& session_id);
  outputs::OutputsReport fetch(const manifest::SessionSpec& spec, const std::string& session_id,
                               std::function<bool()> withdrawn);
  [[nodiscard]] ports::MarkerRules rules_for(const std::string& session);
  void with_ports(UnderWay& pass, const manifest::SessionSpec* spec,
                  const ports::MarkerRules& markers, const Work& work);
  [[nodiscard]] std::vector<std::string> open_paths(const std::string& session) const;

  PassServices& services_;
  PassSettings settings_;
  std::mutex mutex_;
  std::condition_variable closed_;  ///< some write was answered
  std::set<UnderWay*> under_way_;
  std::set<std::string> adopted_;  ///< names of sessions in which nothing unkeyed is left to adopt
  bool stopping_ = false;
  std::unique_ptr<OutputsFetcher> fetcher_;  ///< last: it uses the rest; null: passes fetch
};

}  // namespace sessync::runner
