#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "manifest/parse/set_member.h"

namespace sessync::manifest {

/// What the files of a set had before, and which of it they may still want though they cannot say
/// so now: of a file that is bad, that is lately gone, or of all where nothing can be read.
class FormerClaims {
 public:
  /// All of them outlive it. `members` may change, but not their number and order.
  FormerClaims(const Manifest& last_good, const std::set<std::string>& lately_gone,
               const std::vector<SetMember>& members);

  /// Whether the file may still want it, so that nobody else gets it.
  [[nodiscard]] bool keeps(const Holding& holding) const;
  [[nodiscard]] bool keeps(const NamedSecret& secret) const;

  /// Whether the file claimed it before and did not get it.
  [[nodiscard]] bool has_waited(const Claim& claim) const;
  /// What was refused while a file that is lately gone had it: it goes on waiting, also if it does
  /// not say so all the time.
  [[nodiscard]] std::vector<Holding> still_refused() const;

  /// The path of a file of the set; of one that is gone no more than its name is known.
  [[nodiscard]] std::string path_of(const std::string& file_name) const;

 private:
  [[nodiscard]] const SetMember* find(const std::string& file_name) const;
  [[nodiscard]] bool is_claimed_anew(const Holding& holding) const;

  const Manifest& last_good_;
  const std::set<std::string>& lately_gone_;
  const std::vector<SetMember>& members_;
  std::map<std::string, std::size_t> by_name_;  ///< in members_
  bool nothing_read_;
};

}  // namespace sessync::manifest
