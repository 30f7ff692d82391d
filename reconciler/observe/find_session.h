#pragma once

#include <optional>
#include <string>
#include <vector>

#include "manifest/spec.h"
#include "reconciler/errors/session_error.h"
#include "reconciler/limits.h"
#include "reconciler/ports/ports.h"
#include "reconciler/ports/session_api.h"

namespace sessync::observe {

/// The metadata key by which a created session is found again, and its value.
inline constexpr const char* kKeyName = "sessync_key";
std::string session_key(const std::string& owner, const std::string& name);

/// Under this the state remembers what concerns a session that does not exist yet. No id of the API
/// has a slash.
inline std::string synthetic_id(const std::string& owner, const std::string& name) {
  return session_key(owner, name);
}

/// What locate() needs beside its ports. `spec` outlives it.
struct LocateInput {
  const manifest::SessionSpec& spec;  ///< has `create`
  std::string owner;
  bool dry_run = false;
  ports::Duration grace = reconciler::kListGrace;
};

/// Where the session of a `create` entry is.
struct Located {
  std::optional<ports::SessionInfo> info;  ///< found, live, read just now
  bool in_doubt = false;                   ///< a create may have been carried out; wait
  std::vector<std::string> duplicates;     ///< ids of further live sessions with its key
  std::optional<errors::SessionFailure> failure;
};

/// By the remembered id, else by the key in the metadata among all sessions. Any doubt means that
/// nothing is created: `info`, `in_doubt` and `failure` are all empty if one may be. Records the id
/// that it finds, unless it is a dry run. Pumps the loop.
Located locate(const LocateInput& input, ports::Ports& ports);

}  // namespace sessync::observe
