#include "manifest/parse/claims.h"

#include "manifest/text/alike.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

Problem problem_at(const Claim& claim, std::string code, std::string message) {
  return {claim.at, Problem::Severity::kError, std::move(code), std::move(message)};
}

}  // namespace

std::vector<Claim> claims_of(const SessionSpec& session) {
  std::vector<Claim> claims;
  if (!session.name.empty()) {
    claims.push_back({ClaimKind::kName, session.name, session.name, session.at});
  }
  if (session.session_id && !session.session_id->empty()) {
    const auto& id = *session.session_id;
    claims.push_back({ClaimKind::kSessionId, comparable_session_id(id), id, session.at});
  }
  if (session.outputs && !session.outputs->destination.empty()) {
    const auto& destination = session.outputs->destination;
    claims.push_back({ClaimKind::kDestination, destination, destination, session.at});
  }
  return claims;
}

std::optional<Problem> ClaimTable::conflict(const Claim& claim) const {
  if (claim.kind == ClaimKind::kDestination) return destination_conflict(claim);
  const auto owner = taken_.find({claim.kind, claim.value});
  if (owner == taken_.end()) return std::nullopt;
  const auto place = describe_place(owner->second, claim.at.file);
  if (claim.kind == ClaimKind::kName) {
    return problem_at(claim, "duplicate_name",
                      "the session name " + quoted(claim.shown) + " is already taken in " + place);
  }
  return problem_at(claim, "duplicate_session_id",
                    "the session " + quoted(claim.shown) + " is already declared in " + place);
}

std::optional<Problem> ClaimTable::destination_conflict(const Claim& claim) const {
  const auto other = destinations_.overlap(claim.value);
  if (!other) return std::nullopt;
  const auto place = describe_place(other->at, claim.at.file);
  const std::string relation =
      other->path == claim.value
          ? " is already that of the session in "
          : " lies above or below " + quoted(other->path) + " of the session in ";
  return problem_at(claim, "destination_collision",
                    "the outputs destination " + quoted(claim.shown) + relation + place);
}

void ClaimTable::take(const Claim& claim) {
  if (claim.kind != ClaimKind::kDestination) {
    taken_.emplace(std::pair(claim.kind, claim.value), claim.at);
  } else if (!destinations_.overlap(claim.value)) {
    destinations_.add(claim.value, claim.at);
  }
}

}  // namespace sessync::manifest
