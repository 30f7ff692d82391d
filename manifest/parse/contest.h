#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "manifest/parse/claims.h"

namespace sessync::manifest {

/// The name of a manifest file without its directory, by which it is remembered.
std::string file_name_of(const std::string& path);

/// What the files of a set claim, and who of them gets it: whoever had it, else nobody of several.
/// What the operator does not let its file have gives way to every claim that may be, whoever had
/// it, and where that one lets go, one that has waited for it gives way to one that has not: that
/// is where it was moved to. In what order claims are entered decides nothing. A claim belongs to
/// the file that its place names.
class Contest {
 public:
  /// `had`: from before. Nobody had two of them that cannot both be.
  explicit Contest(const std::vector<Holding>& had);

  void enter(const Claim& claim);

  /// Why `claim`, which was entered, is not its file's; nothing: it is.
  [[nodiscard]] std::optional<Problem> lost(const Claim& claim) const;

 private:
  using Key = std::pair<ClaimKind, std::string>;

  [[nodiscard]] bool had(const Claim& claim) const;
  [[nodiscard]] std::vector<const Claim*> rivals(const Claim& claim) const;
  void add_rivals(const Claim& claim, const Key& key, std::vector<const Claim*>& to) const;
  [[nodiscard]] bool is_let_go(const Key& key) const;
  [[nodiscard]] bool gives_way(const Claim& rival, const Claim& to, const Key& key) const;
  void add_neighbours(const Claim& claim, std::vector<const Claim*>& to) const;
  [[nodiscard]] std::string whose(const Claim& claim, const Claim& rival) const;

  std::map<Key, std::string> had_;  ///< the file's name
  std::map<Key, std::vector<Claim>> claims_;
};

}  // namespace sessync::manifest
