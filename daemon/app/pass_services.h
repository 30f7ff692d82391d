#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/pass/pass_runner.h"
#include "daemon/workspace/scan/own_secrets.h"

namespace sessync::api {
class ApiThread;
}  // namespace sessync::api

namespace sessync::disk_outputs {
class OutputDestinations;
}  // namespace sessync::disk_outputs

namespace sessync::secrets {
class TokenService;
}  // namespace sessync::secrets

namespace sessync::state {
class StateDatabase;
}  // namespace sessync::state

namespace sessync::workspace {
class Scanner;
}  // namespace sessync::workspace

namespace sessync::app {

class Progress;

/// Passes over the workspace on disk, the API, and the state on disk.
class RealPassServices final : public runner::PassServices {
 public:
  /// All of them outlive this.
  struct Over {
    workspace::Scanner& scanner;
    api::ApiThread& api;
    state::StateDatabase& state;
    secrets::TokenService& tokens;
    disk_outputs::OutputDestinations& outputs;
    Progress* progress = nullptr;  ///< told of each scan; null: nobody wants to know
  };
  /// `workspace`: what relative sources are relative to. `manifests` are never mirrored.
  RealPassServices(Over over, std::string workspace, std::vector<std::string> manifests);

  /// From the next scan on these are never mirrored, and those of a manifest file not for its
  /// sessions. Any thread.
  void set_secrets(const workspace::SecretPlaces& places,
                   const std::map<std::string, std::vector<std::string>>& of_file = {});

  ports::WorkspaceSnapshot scan(const manifest::SessionSpec& spec) override;
  std::unique_ptr<ports::SessionApi> make_api(os::CompletionQueue& queue) override;
  std::unique_ptr<ports::StateStore> make_store(os::CompletionQueue& queue) override;
  std::unique_ptr<ports::TokenSource> make_tokens(os::CompletionQueue& queue) override;
  tl::expected<std::unique_ptr<ports::OutputDirectory>, std::string> open_outputs(
      const manifest::SessionSpec& spec) override;
  std::optional<std::string> unknown_state() override;

 private:
  Over over_;
  const std::string workspace_;
  const std::vector<std::string> manifests_;
  std::mutex mutex_;
  using Secrets = std::shared_ptr<const workspace::SecretPlaces>;
  Secrets secrets_;
  std::map<std::string, Secrets> secrets_of_file_;  ///< those, and its own
};

}  // namespace sessync::app
