#pragma once

#include <memory>

#include "daemon/pass/pass_runner.h"
#include "reconciler/ports/output_directory.h"
#include "tests/double/memory/memory_content_source.h"
#include "tests/double/memory/memory_session_api.h"
#include "tests/double/memory/memory_state_store.h"
#include "tests/double/memory/memory_token_source.h"
#include "tests/double/memory/test_loop.h"
#include "tests/double/model/session_model.h"

namespace sessync {

/// Passes over an empty workspace, and ports that answer to a loop of their own. A test replaces
/// what it is about.
class MemoryPassServices : public PassServices {
 public:
  WorkspaceSnapshot scan(const SessionSpec& /*spec*/) override { return {}; }
  std::unique_ptr<SessionApi> make_api(CompletionQueue& /*queue*/) override {
    return std::make_unique<MemorySessionApi>(model_, loop_, &content_);
  }
  std::unique_ptr<StateStore> make_store(CompletionQueue& /*queue*/) override {
    return std::make_unique<MemoryStateStore>(loop_);
  }
  std::unique_ptr<TokenSource> make_tokens(CompletionQueue& /*queue*/) override {
    return std::make_unique<MemoryTokenSource>(loop_);
  }
  tl::expected<std::unique_ptr<OutputDirectory>, std::string> open_outputs(
      const SessionSpec& /*spec*/) override {
    return tl::unexpected(std::string("there is no directory here"));
  }
  std::optional<std::string> unknown_state() override { return std::nullopt; }

 private:
  SessionModel model_;
  TestLoop loop_;
  MemoryContentSource content_;
};

}  // namespace sessync
