#pragma once

#include <string>
#include <vector>

#include "daemon/status/status.h"

/// What the status page is looked at with.
namespace sessync::page_fixture {

/// 2026-11-21T12:00:00Z
ports::TimePoint noon();

/// A session that holds what is declared.
status::SessionStatus equal_session(const std::string& name);

/// Gives Ready, Reconciling, Stalled and Drifted as they are for this reason.
void set_reason(status::SessionStatus& session, const std::string& reason,
                const std::string& message);

/// ok | syncing | blocked | suspended | hostile | api-down | wrong-key | bad-manifest | no-manifest
/// | empty | many; nothing else.
status::StatusSnapshot scene(const std::string& name);
const std::vector<std::string>& scene_names();

/// Text that tries everything to become something else than text.
const std::string& hostile_text();

}  // namespace sessync::page_fixture
