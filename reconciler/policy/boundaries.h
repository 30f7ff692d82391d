#pragma once

#include <optional>
#include <vector>

#include "manifest/policy.h"

/// What the operator lets the files of a manifest ask for.
namespace sessync::policy {

/// What the operator gives beside the manifest, as it is now.
struct Given {
  std::optional<manifest::ManifestText> policy{};  ///< nothing: there is to be none
  bool isolate = false;  ///< each file keeps to directories that are called like it
  friend bool operator==(const Given&, const Given&) = default;
};

/// What counts of it. A default one allows everything.
struct Boundaries {
  bool isolate = false;
  bool has_policy = false;
  std::optional<manifest::Policy> policy{};   ///< nothing, though there is one: it was never good
  std::string path{};                         ///< of the policy, as it is shown
  std::vector<manifest::Problem> problems{};  ///< of its newest version
};

/// The boundaries that `given` draws; where its policy is not good, that of `before` still counts.
Boundaries draw(const Given& given, const Boundaries& before = {});

}  // namespace sessync::policy
