#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "manifest/manifest.h"
#include "manifest/pattern/glob.h"

/// What the operator lets manifest files ask for.
namespace sessync::manifest {

struct AllowedPattern {
  std::string text;  ///< as it was written; of a path, cleaned
  Glob glob;
};

/// What a key of a rule allows; nothing, where the key is not there.
struct AllowedPatterns {
  int line = 0;  ///< where the key stands, or else the rule
  std::vector<AllowedPattern> patterns{};
};

struct AllowedFlag {
  int line = 0;
  bool allowed = false;
};

struct AllowedMost {
  int line = 0;
  std::optional<std::uint64_t> most{};  ///< nothing: any number
};

/// What the files that it is for may ask for. Whatever it does not name it does not allow, but it
/// sets no cap that it does not name.
struct PolicyRule {
  int line = 0;
  AllowedPatterns files;  ///< names of manifest files
  AllowedPatterns names;  ///< of sessions
  AllowedPatterns session_ids;
  AllowedPatterns agents;
  AllowedPatterns environments;
  AllowedPatterns vaults;
  AllowedPatterns sources;       ///< in the workspace, each with all that is below it; "" is all
  AllowedPatterns destinations;  ///< likewise in the outputs directory
  AllowedPatterns secret_files;  ///< likewise in the secrets directory
  AllowedPatterns env;
  AllowedPatterns repositories;  ///< URLs, in lower case
  AllowedPatterns memory_stores;
  AllowedPatterns file_ids;
  AllowedFlag commands;
  AllowedFlag prune_all;
  AllowedFlag replace;
  AllowedMost max_sessions;  ///< of each manifest file
  AllowedMost max_files;     ///< of each session
  AllowedMost max_bytes;     ///< of each session
};

struct Policy {
  std::string path;  ///< as it is shown
  std::vector<PolicyRule> rules;
};

struct PolicyFile {
  Policy policy;  ///< nothing of it counts unless it is valid
  std::vector<Problem> problems;

  [[nodiscard]] bool valid() const { return problems.empty(); }
};

/// Parses a policy as strictly as a manifest: every problem of it in one run.
PolicyFile load_policy(const ManifestText& file);

}  // namespace sessync::manifest
