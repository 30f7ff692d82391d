#pragma once

#include <string>
#include <vector>

#include "daemon/pass/pass_runner.h"

namespace sessync {

class ApiThread;
class OutputDestinations;
class Progress;
class Scanner;
class StateDatabase;
class TokenService;

/// Passes over the workspace on disk, the API, and the state on disk.
class RealPassServices final : public PassServices {
 public:
  /// All of them outlive this.
  struct Over {
    Scanner& scanner;
    ApiThread& api;
    StateDatabase& state;
    TokenService& tokens;
    OutputDestinations& outputs;
    Progress* progress = nullptr;  ///< told of each scan; null: nobody wants to know
  };
  /// `workspace`: what relative sources are relative to. `manifests` are never mirrored.
  RealPassServices(Over over, std::string workspace, std::vector<std::string> manifests);

  WorkspaceSnapshot scan(const SessionSpec& spec) override;
  std::unique_ptr<SessionApi> make_api(CompletionQueue& queue) override;
  std::unique_ptr<StateStore> make_store(CompletionQueue& queue) override;
  std::unique_ptr<TokenSource> make_tokens(CompletionQueue& queue) override;
  tl::expected<std::unique_ptr<OutputDirectory>, std::string> open_outputs(
      const SessionSpec& spec) override;
  std::optional<std::string> unknown_state() override;

 private:
  Over over_;
  const std::string workspace_;
  const std::vector<std::string> manifests_;
};

}  // namespace sessync
