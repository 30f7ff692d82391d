#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "manifest/manifest.h"
#include "manifest/parse/path_table.h"
#include "manifest/spec.h"

namespace sessync::manifest {

/// Something that only one session of a manifest set can have.
struct Claim {
  ClaimKind kind;
  std::string value;  ///< as it is compared
  std::string shown;  ///< as it was written
  Location at;
  bool may_have = true;     ///< false: the operator does not let its file have it
  bool has_waited = false;  ///< it was refused before, because it was another file's
};

/// What `session` claims, each claim placed where the session stands.
std::vector<Claim> claims_of(const SessionSpec& session);

class ClaimTable {
 public:
  /// Who has it already.
  [[nodiscard]] std::optional<Problem> conflict(const Claim& claim) const;

  /// Does nothing if somebody has it already.
  void take(const Claim& claim);

 private:
  [[nodiscard]] std::optional<Problem> destination_conflict(const Claim& claim) const;

  std::map<std::pair<ClaimKind, std::string>, Location> taken_;
  PathTable destinations_;
};

}  // namespace sessync::manifest
