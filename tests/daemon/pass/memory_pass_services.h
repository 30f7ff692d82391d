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
class MemoryPassServices : public runner::PassServices {
 public:
  ports::WorkspaceSnapshot scan(const manifest::SessionSpec& /*spec*/) override { return {}; }
  std::unique_ptr<ports::SessionApi> make_api(os::CompletionQueue& /*queue*/) override {
    return std::make_unique<MemorySessionApi>(model_, loop_, &content_);
  }
  std::unique_ptr<ports::StateStore> make_store(os::CompletionQueue& /*queue*/) override {
    return std::make_unique<MemoryStateStore>(loop_);
  }
  std::unique_ptr<ports::TokenSource> make_tokens(os::CompletionQueue& /*queue*/) override {
    return std::make_unique<MemoryTokenSource>(loop_);
  }
  tl::expected<std::unique_ptr<ports::OutputDirectory>, std::string> open_outputs(
      const manifest::SessionSpec& /*spec*/) override {
    return tl::unexpected(std::string("there is no directory here"));
  }
  std::optional<std::string> unknown_state() override { return std::nullopt; }

 private:
  SessionModel model_;
  TestLoop loop_;
  MemoryContentSource content_;
};

}  // namespace sessync
