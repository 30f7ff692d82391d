#include "manifest/parse/former_claims.h"

#include <algorithm>

#include "manifest/parse/contest.h"

namespace sessync::manifest {
namespace {

Holding holding_of(const Claim& claim) {
  return {claim.kind, claim.value, file_name_of(claim.at.file)};
}

bool is_about(const Claim& claim, const Holding& holding) {
  return claim.kind == holding.kind && claim.value == holding.value;
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
  const auto is_anew = [&](const Claim& claim) {
    return is_about(claim, holding) && !has_waited(claim);
  };
  return std::any_of(members_.begin(), members_.end(), [&](const SetMember& member) {
    return std::any_of(member.parsed.claims.begin(), member.parsed.claims.end(),
                       [&](const std::vector<Claim>& session) {
                         return std::any_of(session.begin(), session.end(), is_anew);
                       });
  });
}

bool FormerClaims::has_waited(const Claim& claim) const {
  return std::binary_search(last_good_.refused.begin(), last_good_.refused.end(),
                            holding_of(claim));
}

std::vector<Holding> FormerClaims::still_refused() const {
  std::vector<Holding> still;
  for (const auto& refused : last_good_.refused) {
    const bool is_kept =
        std::any_of(last_good_.held.begin(), last_good_.held.end(), [&](const Holding& holding) {
          return holding.kind == refused.kind && holding.value == refused.value &&
                 find(holding.file) == nullptr && keeps(holding);
        });
    if (is_kept) still.push_back(refused);
  }
  return still;
}

}  // namespace sessync::manifest
