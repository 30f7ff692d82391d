#pragma once

#include <string>

#include <tl/expected.hpp>

#include "reconciler/ports/state_store.h"

namespace sessync::state {

/// Makes `directory` (and what is missing above it, all mode 0700) if it is not there, and checks
/// that it can be used: it lies neither in nor under `workspace` (our own writes would be seen as
/// changes of it), and can be written to. The error is a usage error, worded for the user.
tl::expected<ports::Done, ports::StoreError> prepare_state_directory(const std::string& directory,
                                                                     const std::string& workspace);

}  // namespace sessync::state
