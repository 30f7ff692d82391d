#pragma once

#include <map>
#include <string>

#include "reconciler/limits.h"
#include "reconciler/plan/plan.h"
#include "reconciler/ports/inventory.h"
#include "reconciler/ports/session_api.h"

namespace sessync::apply {

/// What apply() needs beside its ports. What it refers to outlives the call.
struct ApplyInput {
  const plan::Plan& plan;                              ///< of a session that exists
  const ports::Inventory& inventory;                   ///< as the plan was made from it
  std::map<std::string, ports::FileMetadata> uploads;  ///< declared file ids that exist
  std::string session_id;
  std::string owner;                           ///< whose marker uploads get
  int parallel = reconciler::kParallelChains;  ///< chains at once, at least 1
};

}  // namespace sessync::apply
