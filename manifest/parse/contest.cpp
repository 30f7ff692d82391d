#include "manifest/parse/contest.h"

#include <algorithm>

#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

const char* code_of(ClaimKind kind) {
  switch (kind) {
    case ClaimKind::kName:
      return "duplicate_name";
    case ClaimKind::kSessionId:
      return "duplicate_session_id";
    default:
      return "destination_collision";
  }
}

/// Of what is only remembered of a file no line is known.
std::string place_of(const Claim& rival, const std::string& here) {
  return rival.at.line == 0 ? rival.at.file : describe_place(rival.at, here);
}

std::string describe_rivalry(const Claim& claim, const Claim& rival) {
  const auto place = place_of(rival, claim.at.file);
  if (claim.kind == ClaimKind::kName) {
    return "the session name " + quoted(claim.shown) + " is also taken in " + place;
  }
  if (claim.kind == ClaimKind::kSessionId) {
    return "the session " + quoted(claim.shown) + " is also declared in " + place;
  }
  const std::string relation =
      rival.value == claim.value
          ? " is also that of the session in "
          : " lies above or below " + quoted(rival.shown) + " of the session in ";
  return "the outputs destination " + quoted(claim.shown) + relation + place;
}

}  // namespace

std::string file_name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Contest::Contest(const std::vector<Holding>& had) {
  for (const auto& holding : had) {
    had_.emplace(Key(holding.kind, holding.value), holding.file);
  }
}

void Contest::enter(const Claim& claim) { claims_[Key(claim.kind, claim.value)].push_back(claim); }

bool Contest::had(const Claim& claim) const {
  const auto holder = had_.find(Key(claim.kind, claim.value));
  return holder != had_.end() && holder->second == file_name_of(claim.at.file);
}

std::optional<Problem> Contest::lost(const Claim& claim) const {
  const auto all = rivals(claim);
  if (all.empty()) return std::nullopt;
  const bool is_outranked = !claim.may_have && all.front()->may_have;
  if (had(claim) && !is_outranked) return std::nullopt;
  const auto holder =
      std::find_if(all.begin(), all.end(), [this](const Claim* rival) { return had(*rival); });
  const auto& rival = holder != all.end() ? **holder : *all.front();
  return Problem{
      claim.at, Problem::Severity::kError, code_of(claim.kind),
      describe_rivalry(claim, rival) + whose(claim, rival) + ": remove it from one of the two"};
}

bool Contest::is_let_go(const Key& key) const {
  const auto holder = had_.find(key);
  const auto claimed = claims_.find(key);
  if (holder == had_.end() || claimed == claims_.end()) return false;
  return std::none_of(claimed->second.begin(), claimed->second.end(), [&](const Claim& claim) {
    return file_name_of(claim.at.file) == holder->second;
  });
}

bool Contest::gives_way(const Claim& rival, const Claim& to, const Key& key) const {
  if (rival.may_have != to.may_have) return to.may_have;
  return rival.has_waited && !to.has_waited && is_let_go(key);
}

std::string Contest::whose(const Claim& claim, const Claim& rival) const {
  if (!claim.may_have && rival.may_have) {
    return ", whose it is, because the operator's policy does not let this file have it";
  }
  if (claim.has_waited && !rival.has_waited && !had(rival)) return ", where it was moved to";
  return had(rival) ? ", which had it first and keeps it"
                    : ", and neither file had it before, so it belongs to neither and nothing in "
                      "it is touched";
}

void Contest::add_rivals(const Claim& claim, const Key& key, std::vector<const Claim*>& to) const {
  const auto found = claims_.find(key);
  if (found == claims_.end()) return;
  for (const auto& other : found->second) {
    if (other.at.file != claim.at.file && !gives_way(other, claim, key)) to.push_back(&other);
  }
}

/// Those that may be come first.
std::vector<const Claim*> Contest::rivals(const Claim& claim) const {
  std::vector<const Claim*> all;
  add_rivals(claim, Key(claim.kind, claim.value), all);
  if (claim.kind == ClaimKind::kDestination) add_neighbours(claim, all);
  std::stable_partition(all.begin(), all.end(), [](const Claim* rival) { return rival->may_have; });
  return all;
}

/// Destinations that lie above or below each other cannot both be.
void Contest::add_neighbours(const Claim& claim, std::vector<const Claim*>& to) const {
  for (auto end = claim.value.rfind('/'); end != std::string::npos && end > 0;
       end = claim.value.rfind('/', end - 1)) {
    add_rivals(claim, Key(claim.kind, claim.value.substr(0, end)), to);
  }
  const auto below = claim.value + "/";
  for (auto it = claims_.lower_bound(Key(claim.kind, below));
       it != claims_.end() && it->first.first == claim.kind && it->first.second.starts_with(below);
       ++it) {
    add_rivals(claim, it->first, to);
  }
}

}  // namespace sessync::manifest
