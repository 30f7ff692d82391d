#pragma once

#include <map>
#include <string>

#include "reconciler/limits.h"
#include "reconciler/plan/plan.h"
#include "reconciler/ports/session_api.h"
#include "reconciler/ports/state_store.h"

namespace sessync {

struct ApplyInput {
  const Plan& plan;
  const SessionMemory& memory;
  std::map<std::string, FileMetadata> uploads;  ///< declared file ids that exist
  std::string session_id;
  std::string owner;
  int parallel = kParallelChains;  ///< chains at once
};

}  // namespace sessync
