#include "manifest/parse/former_claims.h"

#include <algorithm>

#include "manifest/parse/contest.h"

namespace sessync::manifest {
namespace {

bool claims_it(const SetMember& member, const Holding& holding) {
  const auto is_it = [&](const Claim& claim) {
    return claim.kind == holding.kind && claim.value == holding.value;
  };
  return std::any_of(member.parsed.claims.begin(), member.parsed.claims.end(),
                     [&](const std::vector<Claim>& session) {
                       return std::any_of(session.begin(), session.end(), is_it);
                     });
}

}  // namespace

FormerClaims::FormerClaims(const Manifest& last_good, const std::set<std::string>& lately_gone,
                           const std::vector<SetMember>& members)
    : last_good_(last_good),
      lately_gone_(lately_gone),
      members_(members),
      nothing_read_(std::all_of(members.begin(), members.end(),
                                [](const SetMember& member) { return member.parsed.is_unread; })) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    by_name_.emplace(file_name_of(members[i].parsed.file.path), i);
  }
}

const SetMember* FormerClaims::find(const std::string& file_name) const {
  const auto found = by_name_.find(file_name);
  return found == by_name_.end() ? nullptr : &members_[found->second];
}

std::string FormerClaims::path_of(const std::string& file_name) const {
  const auto* const member = find(file_name);
  return member == nullptr ? file_name : member->parsed.file.path;
}

bool FormerClaims::keeps(const Holding& holding) const {
  if (const auto* const member = find(holding.file)) return !member->stands;
  return nothing_read_ || (lately_gone_.contains(holding.file) && !is_claimed_anew(holding));
}

bool FormerClaims::keeps(const NamedSecret& secret) const {
  if (const auto* const member = find(secret.file)) return !member->stands;
  return nothing_read_ || lately_gone_.contains(secret.file);
}

bool FormerClaims::is_claimed_anew(const Holding& holding) const {
  return std::any_of(members_.begin(), members_.end(), [&](const SetMember& member) {
    return claims_it(member, holding) && !has_waited(member.parsed.file.path);
  });
}

/// Whether the file claimed what another one had.
bool FormerClaims::has_waited(const std::string& path) const {
  const auto file = std::find_if(last_good_.files.begin(), last_good_.files.end(),
                                 [&](const ManifestFile& one) { return one.path == path; });
  return file != last_good_.files.end() &&
         std::any_of(file->problems.begin(), file->problems.end(), is_loss);
}

}  // namespace sessync::manifest
