#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "manifest/load.h"
#include "manifest/parse/contest.h"
#include "manifest/parse/parsed_file.h"
#include "manifest/parse/report.h"
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

/// What one session of a file does not get, and why.
struct Loss {
  std::optional<Problem> itself{};   ///< its name or id is not its file's
  std::optional<Problem> outputs{};  ///< nor is their destination
};

/// One file on its way into force.
struct Member {
  ParsedFile parsed;
  bool stands = false;         ///< its new text counts, as far as it gets what it claims
  std::vector<Loss> losses{};  ///< for each session, if it stands
};

std::vector<Member> parse_all(const std::vector<ManifestText>& texts) {
  std::vector<Member> members;
  members.reserve(texts.size());
  for (const auto& text : texts) members.push_back({parse_file(text)});
  std::sort(members.begin(), members.end(), [](const Member& left, const Member& right) {
    return left.parsed.file.path < right.parsed.file.path;
  });
  return members;
}

/// A file of which not even the owner can be read names none.
std::string owner_in_force(const std::vector<Member>& members, const std::string& before,
                           const std::string& if_none) {
  std::set<std::string> named;
  for (const auto& member : members) named.insert(member.parsed.file.owner);
  const bool by_all = named.erase("") == 0;
  if (named.size() == 1 && (by_all || before.empty())) return *named.begin();
  if (!before.empty() || named.empty()) return before;
  return if_none;
}

/// Puts the files of a set together.
class SetLoader {
 public:
  SetLoader(const Manifest& last_good, const std::vector<ManifestText>& texts)
      : last_good_(last_good),
        members_(parse_all(texts)),
        nothing_read_(std::all_of(texts.begin(), texts.end(), [](const ManifestText& text) {
          return !text.read_error.empty();
        })) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      by_name_.emplace(file_name_of(members_[i].parsed.file.path), i);
    }
  }

  Manifest load(const std::string& owner_if_none) {
    manifest_.owner = owner_in_force(members_, last_good_.owner, owner_if_none);
    for (auto& member : members_) check_owner(member);
    for (auto& member : members_) {
      member.stands = member.parsed.file.valid();
      if (!member.stands) fall_back(member.parsed);
    }
    decide_claims();
    for (auto& member : members_) sort_problems(member.parsed.file.problems);
    for (auto& member : members_) take_undisputed(member);
    for (auto& member : members_) keep_older(member);
    manifest_.held = holdings();
    for (auto& member : members_) manifest_.files.push_back(std::move(member.parsed.file));
    return std::move(manifest_);
  }

 private:
  void check_owner(Member& member) const {
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
    const auto other = std::find_if(members_.begin(), members_.end(), [&](const Member& one) {
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

  /// What a bad file had stays its own: nobody knows whether it would let go.
  [[nodiscard]] Contest enter_claims() const {
    Contest contest(last_good_.held);
    for (const auto& member : members_) {
      for (const auto& session : member.parsed.claims) {
        for (const auto& claim : session) contest.enter(claim);
      }
    }
    for (const auto& holding : last_good_.held) {
      const auto* member = find_member(holding.file);
      if (member == nullptr || member->stands) continue;
      contest.enter({holding.kind, holding.value, holding.value, {member->parsed.file.path}});
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

  static Loss loss_of(const std::vector<Claim>& session, const Contest& contest,
                      std::vector<Problem>& problems) {
    Loss loss;
    for (const auto& claim : session) {
      auto problem = contest.lost(claim);
      if (!problem) continue;
      problems.push_back(*problem);
      (claim.kind == ClaimKind::kDestination ? loss.outputs : loss.itself) = std::move(problem);
    }
    return loss;
  }

  /// What is lost by nobody comes first, so that nothing older is in its way.
  void take_undisputed(Member& member) {
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
  void keep_older(Member& member) {
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

  [[nodiscard]] const Member* find_member(const std::string& file_name) const {
    const auto found = by_name_.find(file_name);
    return found == by_name_.end() ? nullptr : &members_[found->second];
  }

  /// All that is in force, and what was held and not let go.
  [[nodiscard]] std::vector<Holding> holdings() const {
    std::set<Holding> held;
    std::set<Holding> wanted;
    for (const auto& member : members_) {
      const auto name = file_name_of(member.parsed.file.path);
      for (const auto& session : member.parsed.file.sessions) {
        for (const auto& claim : claims_of(session)) held.insert({claim.kind, claim.value, name});
      }
      for (const auto& session : member.parsed.claims) {
        for (const auto& claim : session) wanted.insert({claim.kind, claim.value, name});
      }
    }
    for (const auto& holding : last_good_.held) {
      const auto* member = find_member(holding.file);
      const bool is_kept =
          member == nullptr ? nothing_read_ : !member->stands || wanted.contains(holding);
      if (is_kept) held.insert(holding);
    }
    return {held.begin(), held.end()};
  }

  const Manifest& last_good_;
  std::vector<Member> members_;
  std::map<std::string, std::size_t> by_name_;  ///< in members_
  const bool nothing_read_;
  ClaimTable in_force_;
  Manifest manifest_;
};

}  // namespace

Manifest load_manifest(const std::vector<ManifestText>& files, const Manifest& last_good,
                       const std::string& owner_if_none) {
  return SetLoader(last_good, files).load(owner_if_none);
}

}  // namespace sessync::manifest
