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

namespace sessync::app {

RealPassServices::RealPassServices(Over over, std::string workspace,
                                   std::vector<std::string> manifests)
    : over_(over), workspace_(std::move(workspace)), manifests_(std::move(manifests)) {}

void RealPassServices::set_secrets(const workspace::SecretPlaces& places,
                                   const std::map<std::string, std::vector<std::string>>& of_file) {
  auto secrets = std::make_shared<const workspace::SecretPlaces>(places);
  std::map<std::string, Secrets> by_file;
  for (const auto& [file, own] : of_file) {
    auto all = places;
    all.files.insert(all.files.end(), own.begin(), own.end());
    by_file[file] = std::make_shared<const workspace::SecretPlaces>(std::move(all));
  }
  const std::lock_guard lock(mutex_);
  secrets_ = std::move(secrets);
  secrets_of_file_ = std::move(by_file);
}

ports::WorkspaceSnapshot RealPassServices::scan(const manifest::SessionSpec& spec) {
  std::shared_ptr<const workspace::SecretPlaces> secrets;
  {
    const std::lock_guard lock(mutex_);
    const auto own = secrets_of_file_.find(spec.at.file);
    secrets = own == secrets_of_file_.end() ? secrets_ : own->second;
  }
  auto snapshot = over_.scanner.scan({workspace_, manifests_, spec.resources, spec.name,
                                      spec.max_file_size, secrets, spec.max_files});
  if (over_.progress != nullptr) {
    over_.progress->scanned(spec, snapshot, over_.state);
  }
  return snapshot;
}

std::unique_ptr<ports::SessionApi> RealPassServices::make_api(os::CompletionQueue& queue) {
  return std::make_unique<api::HttpSessionApi>(over_.api, queue);
}

std::unique_ptr<ports::StateStore> RealPassServices::make_store(os::CompletionQueue& queue) {
  return std::make_unique<state::SqliteStateStore>(over_.state, queue);
}

std::unique_ptr<ports::TokenSource> RealPassServices::make_tokens(os::CompletionQueue& queue) {
  return std::make_unique<secrets::DaemonTokenSource>(over_.tokens, queue);
}

tl::expected<std::unique_ptr<ports::OutputDirectory>, std::string> RealPassServices::open_outputs(
    const manifest::SessionSpec& spec) {
  return over_.outputs.open(spec);
}

std::optional<std::string> RealPassServices::unknown_state() {
  const auto trouble = over_.state.trouble();
  return trouble && !trouble->is_known ? std::optional(trouble->why.message) : std::nullopt;
}

}  // namespace sessync::app
