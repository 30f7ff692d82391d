#pragma once

#include <string>
#include <vector>

#include "manifest/spec.h"
#include "reconciler/ports/suspected_secret.h"

namespace sessync::desired {

/// What an entry says about files that seem to hold a secret.
class SecretRules {
 public:
  /// `entry` must outlive it.
  template <class Entry>
  SecretRules(const Entry& entry, manifest::SecretsPolicy of_session)
      : allow_(entry.allow), policy_(entry.secrets.value_or(of_session)) {}

  /// About the file at `path` in the workspace. Its own name, or that of a directory that it lies
  /// in, may be one that the entry allows.
  [[nodiscard]] manifest::SecretsPolicy policy_for(const std::string& path) const;

 private:
  const std::vector<std::string>& allow_;
  manifest::SecretsPolicy policy_;
};

/// A file of the workspace that seems to hold a secret.
struct SuspectedFile {
  std::string path;
  ports::SuspectedSecret secret;
};

/// For operators: where it is, what it seems to be, what that means, what to do. Never the text.
std::string describe_blocked(const SuspectedFile& file);
/// That it is mounted all the same.
std::string describe_warned(const SuspectedFile& file);
/// Likewise of an archive with such members (one at least), of which the first three are named.
std::string describe_blocked_archive(const std::vector<SuspectedFile>& members);
std::string describe_warned_archive(const std::vector<SuspectedFile>& members);

}  // namespace sessync::desired
