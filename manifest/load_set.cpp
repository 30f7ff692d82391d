#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "manifest/load.h"
#include "manifest/parse/contest.h"
#include "manifest/parse/former_claims.h"
#include "manifest/parse/report.h"
#include "manifest/parse/set_member.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

/// What was in force for `path` before; nothing if it was never good (only such a file has an
/// owner).
const ManifestFile* last_version(const Manifest& last_good, const std::string& path) {
  for (const auto& file : last_good.files) {
    if (file.path == path && !file.owner.empty()) return &file;
  }
  return nullptr;
}

std::vector<SetMember> parse_all(const std::vector<ManifestText>& texts) {
  std::vector<SetMember> members;
  members.reserve(texts.size());
  for (const auto& text : texts) members.push_back({parse_file(text)});
  std::sort(members.begin(), members.end(), [](const SetMember& left, const SetMember& right) {
    return left.parsed.file.path < right.parsed.file.path;
  });
  return members;
}

/// A file of which not even the owner can be read names none.
std::string owner_in_force(const std::vector<SetMember>& members, const std::string& before,
                           const LoadRules& rules) {
  std::set<std::string> named;
  for (const auto& member : members) named.insert(member.parsed.file.owner);
  const bool by_all = named.erase("") == 0 && rules.lately_gone.empty();
  if (named.size() == 1 && (by_all || before.empty())) return *named.begin();
  if (!before.empty() || named.empty()) return before;
  return rules.owner_if_none;
}

/// Puts the files of a set together.
class SetLoader {
 public:
  SetLoader(const Manifest& last_good, const std::vector<ManifestText>& texts,
            const LoadRules& rules)
      : last_good_(last_good),
        rules_(rules),
        members_(parse_all(texts)),
        former_(last_good, rules.lately_gone, members_) {}

  Manifest load() {
    manifest_.owner = owner_in_force(members_, last_good_.owner, rules_);
    for (auto& member : members_) check_owner(member);
    for (auto& member : members_) {
      member.stands = member.parsed.file.valid();
      if (!member.stands) fall_back(member.parsed);
    }
    mark_claims();
    decide_claims();
    for (auto& one : former_.still_refused()) refused_.insert(std::move(one));
    manifest_.refused = {refused_.begin(), refused_.end()};
    for (auto& member : members_) sort_problems(member.parsed.file.problems);
    for (auto& member : members_) take_undisputed(member);
    for (auto& member : members_) keep_older(member);
    manifest_.held = holdings();
    manifest_.secrets = named_secrets();
    for (auto& member : members_) manifest_.files.push_back(std::move(member.parsed.file));
    return std::move(manifest_);
  }

 private:
  [[nodiscard]] std::vector<NamedSecret> named_secrets() const {
    std::set<NamedSecret> named;
    for (const auto& member : members_) {
      named.insert(member.parsed.secrets.begin(), member.parsed.secrets.end());
    }
    for (const auto& secret : last_good_.secrets) {
      if (former_.keeps(secret)) named.insert(secret);
    }
    return {named.begin(), named.end()};
  }

  void check_owner(SetMember& member) const {
    auto& file = member.parsed.file;
    if (file.owner.empty() || file.owner == manifest_.owner) return;
    const std::string why =
        manifest_.owner.empty()
            ? " differs from that of " + other_owner(file) +
                  ", and none has been in force: give all files of the set one owner, or say with "
                  "--owner which counts"
            : " differs from " + quoted(manifest_.owner) +
                  ", which is in force: that changes when every file of the set names the same "
                  "new one";
    file.problems.push_back({member.parsed.owner_at, Problem::Severity::kError, "owner_mismatch",
                             "the owner " + quoted(file.owner) + why});
  }

  /// The first file that disagrees.
  [[nodiscard]] std::string other_owner(const ManifestFile& file) const {
    const auto other = std::find_if(members_.begin(), members_.end(), [&](const SetMember& one) {
      return !one.parsed.file.owner.empty() && one.parsed.file.owner != file.owner;
    });
    return other == members_.end() ? "--owner" : other->parsed.file.path;
  }

  void fall_back(ParsedFile& parsed) {
    auto& file = parsed.file;
    parsed.claims.clear();
    file.sessions.clear();
    file.owner.clear();
    const auto* last = last_version(last_good_, file.path);
    if (last == nullptr) return;
    file.sessions = last->sessions;
    file.owner = last->owner;
  }

  void mark_claims() {
    for (auto& member : members_) {
      for (std::size_t i = 0; i < member.parsed.claims.size(); ++i) mark_session(member.parsed, i);
    }
  }

  void mark_session(ParsedFile& parsed, std::size_t index) const {
    for (auto& claim : parsed.claims[index]) {
      claim.may_have =
          !rules_.may_have || rules_.may_have(parsed.file.sessions[index], index, claim.kind);
      claim.has_waited = former_.has_waited(claim);
    }
  }

  /// What a bad file had stays its own: nobody knows whether it would let go.
  [[nodiscard]] Contest enter_claims() const {
    Contest contest(last_good_.held);
    for (const auto& member : members_) {
      for (const auto& session : member.parsed.claims) {
        for (const auto& claim : session) contest.enter(claim);
      }
    }
    for (const auto& holding : last_good_.held) {
      if (former_.keeps(holding)) {
        contest.enter(
            {holding.kind, holding.value, holding.value, {former_.path_of(holding.file)}});
      }
    }
    return contest;
  }

  void decide_claims() {
    const auto contest = enter_claims();
    for (auto& member : members_) {
      for (const auto& session : member.parsed.claims) {
        member.losses.push_back(loss_of(session, contest, member.parsed.file.problems));
      }
    }
  }

  Loss loss_of(const std::vector<Claim>& session, const Contest& contest,
               std::vector<Problem>& problems) {
    Loss loss;
    for (const auto& claim : session) {
      auto problem = contest.lost(claim);
      if (!problem) continue;
      problems.push_back(*problem);
      refused_.insert({claim.kind, claim.value, file_name_of(claim.at.file)});
      (claim.kind == ClaimKind::kDestination ? loss.outputs : loss.itself) = std::move(problem);
    }
    return loss;
  }

  /// What is lost by nobody comes first, so that nothing older is in its way.
  void take_undisputed(SetMember& member) {
    for (std::size_t i = 0; i < member.losses.size(); ++i) {
      auto& session = member.parsed.file.sessions[i];
      if (member.losses[i].outputs) session.outputs.reset();
      if (!member.losses[i].itself) take(session);
    }
  }

  void take(const SessionSpec& session) {
    for (const auto& claim : claims_of(session)) in_force_.take(claim);
  }

  /// What a session was stays in the place of what it may not become.
  void keep_older(SetMember& member) {
    auto& file = member.parsed.file;
    std::vector<SessionSpec> sessions;
    for (std::size_t i = 0; i < file.sessions.size(); ++i) {
      const auto loss = member.stands ? member.losses[i] : Loss{first_error(file), {}};
      const auto* before =
          member.stands ? find_previous(file.path, file.sessions[i]) : &file.sessions[i];
      auto session = loss.itself ? free_version(before) : file.sessions[i];
      if (!session) continue;
      if (loss.itself) {
        file.older.emplace(session->name, Older{*loss.itself, false});
      } else if (loss.outputs) {
        keep_outputs(*session, before);
        file.older.emplace(session->name, Older{*loss.outputs, true});
      }
      sessions.push_back(std::move(*session));
    }
    file.sessions = std::move(sessions);
  }

  static Problem first_error(const ManifestFile& file) {
    return *std::find_if(file.problems.begin(), file.problems.end(), [](const Problem& problem) {
      return problem.severity == Problem::Severity::kError;
    });
  }

  /// Where they went before, if that is free.
  void keep_outputs(SessionSpec& session, const SessionSpec* before) {
    if (before == nullptr || !before->outputs) return;
    auto with = session;
    with.outputs = before->outputs;
    auto claims = claims_of(with);
    std::erase_if(claims, [](const Claim& one) { return one.kind != ClaimKind::kDestination; });
    if (!is_free(claims)) return;
    take(with);
    session = std::move(with);
  }

  [[nodiscard]] const SessionSpec* find_previous(const std::string& path,
                                                 const SessionSpec& session) const {
    const auto* last = last_version(last_good_, path);
    if (last == nullptr) return nullptr;
    const SessionSpec* by_name = nullptr;
    for (const auto& one : last->sessions) {
      if (one.session_id && one.session_id == session.session_id) return &one;
      if (one.name == session.name) by_name = &one;
    }
    return by_name;
  }

  std::optional<SessionSpec> free_version(const SessionSpec* session) {
    if (session == nullptr || !is_free(claims_of(*session))) return std::nullopt;
    take(*session);
    return *session;
  }

  [[nodiscard]] bool is_free(const std::vector<Claim>& claims) const {
    return std::none_of(claims.begin(), claims.end(), [this](const Claim& claim) {
      return in_force_.conflict(claim).has_value();
    });
  }

  /// All that is in force and may be, and what was held and not let go.
  [[nodiscard]] std::vector<Holding> holdings() const {
    std::set<Holding> held;
    for (const auto& member : members_) {
      for (const auto& session : member.parsed.file.sessions) add_holdings(session, member, held);
    }
    for (const auto& denied : claimed(false)) held.erase(denied);
    const auto wanted = claimed(true);
    for (const auto& holding : last_good_.held) {
      if (former_.keeps(holding) || wanted.contains(holding)) held.insert(holding);
    }
    return {held.begin(), held.end()};
  }

  static void add_holdings(const SessionSpec& session, const SetMember& member,
                           std::set<Holding>& to) {
    const auto name = file_name_of(member.parsed.file.path);
    for (const auto& claim : claims_of(session)) to.insert({claim.kind, claim.value, name});
  }

  /// What the files claim and may have, or may not.
  [[nodiscard]] std::set<Holding> claimed(bool may_have) const {
    std::set<Holding> all;
    for (const auto& member : members_) {
      for (const auto& session : member.parsed.claims) add_claims(session, may_have, all);
    }
    return all;
  }

  static void add_claims(const std::vector<Claim>& session, bool may_have, std::set<Holding>& to) {
    for (const auto& claim : session) {
      if (claim.may_have != may_have) continue;
      to.insert({claim.kind, claim.value, file_name_of(claim.at.file)});
    }
  }

  const Manifest& last_good_;
  const LoadRules& rules_;
  std::vector<SetMember> members_;
  const FormerClaims former_;
  std::set<Holding> refused_;
  ClaimTable in_force_;
  Manifest manifest_;
};

}  // namespace

Manifest load_manifest(const std::vector<ManifestText>& files, const Manifest& last_good,
                       const LoadRules& rules) {
  return SetLoader(last_good, files, rules).load();
}

}  // namespace sessync::manifest
