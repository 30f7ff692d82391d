#include "daemon/app/pass_services.h"

#include <utility>

#include "daemon/api/http_session_api.h"
#include "daemon/api/send/api_thread.h"
#include "daemon/app/progress.h"
#include "daemon/outputs/output_destinations.h"
#include "daemon/secrets/daemon_token_source.h"
#include "daemon/state/sqlite_state_store.h"
#include "daemon/state/state_database.h"
#include "daemon/workspace/scan/scanner.h"

namespace sessync {

RealPassServices::RealPassServices(Over over, std::string workspace,
                                   std::vector<std::string> manifests)
    : over_(over), workspace_(std::move(workspace)), manifests_(std::move(manifests)) {}

WorkspaceSnapshot RealPassServices::scan(const SessionSpec& spec) {
  auto snapshot =
      over_.scanner.scan({workspace_, manifests_, spec.resources, spec.name, spec.max_file_size});
  if (over_.progress != nullptr) {
    over_.progress->scanned(spec, snapshot, over_.state);
  }
  return snapshot;
}

std::unique_ptr<SessionApi> RealPassServices::make_api(CompletionQueue& queue) {
  return std::make_unique<HttpSessionApi>(over_.api, queue);
}

std::unique_ptr<StateStore> RealPassServices::make_store(CompletionQueue& queue) {
  return std::make_unique<SqliteStateStore>(over_.state, queue);
}

std::unique_ptr<TokenSource> RealPassServices::make_tokens(CompletionQueue& queue) {
  return std::make_unique<DaemonTokenSource>(over_.tokens, queue);
}

tl::expected<std::unique_ptr<OutputDirectory>, std::string> RealPassServices::open_outputs(
    const SessionSpec& spec) {
  return over_.outputs.open(spec);
}

std::optional<std::string> RealPassServices::unknown_state() {
  const auto trouble = over_.state.trouble();
  return trouble && !trouble->is_known ? std::optional(trouble->why.message) : std::nullopt;
}

}  // namespace sessync
