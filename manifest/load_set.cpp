#include <algorithm>

#include "manifest/load.h"
#include "manifest/parse/parsed_file.h"
#include "manifest/parse/report.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

/// What was in force for `path` before; nothing if it was never good (only a good file has an
/// owner).
const ManifestFile* last_version(const Manifest& last_good, const std::string& path) {
  for (const auto& file : last_good.files) {
    if (file.path == path && !file.owner.empty()) return &file;
  }
  return nullptr;
}

/// Puts the files of a set together.
///
/// A file that loses a claim keeps its last good version, and with it the session that it fought
/// about. So that this session is "as it was", an earlier file which has only now come to claim it
/// waits: its own session stays out until the later file has let go.
class SetLoader {
 public:
  explicit SetLoader(const Manifest& last_good) : last_good_(last_good) {}

  Manifest load(const std::vector<ManifestText>& texts) {
    for (const auto& text : texts) parsed_.push_back(parse_file(text));
    std::sort(parsed_.begin(), parsed_.end(), [](const ParsedFile& left, const ParsedFile& right) {
      return left.file.path < right.file.path;
    });
    for (auto& file : parsed_) judge(file);
    in_force_ = held_;
    for (auto& file : parsed_) withhold(file);
    for (const auto& waiting : waiting_) restore(waiting);
    for (auto& file : parsed_) finish(std::move(file.file));
    return std::move(manifest_);
  }

 private:
  struct Waiting {
    std::string path;
    SessionSpec* session;  ///< in parsed_
  };

  /// Decides whether the new text of a file comes into force.
  void judge(ParsedFile& parsed) {
    auto& file = parsed.file;
    if (file.valid()) {
      check_owner(parsed);
      check_claims(parsed);
    }
    if (!file.valid()) fall_back(parsed);
    if (manifest_.owner.empty()) manifest_.owner = file.owner;
    take(parsed, taken_);
  }

  static void take(const ParsedFile& parsed, ClaimTable& table) {
    for (const auto& session : parsed.claims) {
      for (const auto& claim : session) table.take(claim);
    }
  }

  void check_owner(ParsedFile& parsed) const {
    auto& file = parsed.file;
    if (manifest_.owner.empty() || file.owner == manifest_.owner) return;
    file.problems.push_back({parsed.owner_at, Problem::Severity::kError, "owner_mismatch",
                             "the owner " + quoted(file.owner) + " differs from " +
                                 quoted(manifest_.owner) +
                                 " of the first file: a manifest set has one owner"});
  }

  void check_claims(ParsedFile& parsed) const {
    for (const auto& session : parsed.claims) {
      for (const auto& claim : session) {
        auto problem = taken_.conflict(claim);
        if (problem) parsed.file.problems.push_back(std::move(*problem));
      }
    }
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
    for (const auto& session : file.sessions) parsed.claims.push_back(claims_of(session));
    manifest_.stale_files.push_back(file.path);
    take(parsed, held_);
  }

  /// Finds in a good file what the last good version of a bad one still holds.
  void withhold(ParsedFile& parsed) {
    if (!parsed.file.valid()) return;
    for (std::size_t i = 0; i < parsed.file.sessions.size(); ++i) {
      if (is_held(parsed.claims[i], parsed.file)) {
        waiting_.push_back({parsed.file.path, &parsed.file.sessions[i]});
      } else {
        for (const auto& claim : parsed.claims[i]) in_force_.take(claim);
      }
    }
  }

  bool is_held(const std::vector<Claim>& claims, ManifestFile& file) const {
    for (const auto& claim : claims) {
      const auto problem = held_.conflict(claim);
      if (!problem) continue;
      file.problems.push_back({claim.at, Problem::Severity::kWarning, "claim_withheld",
                               problem->message +
                                   ", a file that is not in order and whose last good version "
                                   "stays in force; this session is left as it was"});
      return true;
    }
    return false;
  }

  /// Puts what was in force in the place of a session that waits; an empty name marks that there is
  /// nothing to put there.
  void restore(const Waiting& waiting) {
    const auto* previous = find_previous(waiting);
    if (previous == nullptr) {
      waiting.session->name.clear();
      return;
    }
    for (const auto& claim : claims_of(*previous)) in_force_.take(claim);
    *waiting.session = *previous;
  }

  [[nodiscard]] const SessionSpec* find_previous(const Waiting& waiting) const {
    const auto* last = last_version(last_good_, waiting.path);
    if (last == nullptr) return nullptr;
    for (const auto& session : last->sessions) {
      if (is_same(session, *waiting.session) && is_free(session)) return &session;
    }
    return nullptr;
  }

  static bool is_same(const SessionSpec& left, const SessionSpec& right) {
    if (left.session_id || right.session_id) return left.session_id == right.session_id;
    return left.name == right.name;
  }

  [[nodiscard]] bool is_free(const SessionSpec& session) const {
    const auto claims = claims_of(session);
    return std::none_of(claims.begin(), claims.end(), [this](const Claim& claim) {
      return in_force_.conflict(claim).has_value();
    });
  }

  void finish(ManifestFile file) {
    std::erase_if(file.sessions, [](const SessionSpec& session) { return session.name.empty(); });
    sort_problems(file.problems);
    manifest_.files.push_back(std::move(file));
  }

  const Manifest& last_good_;
  std::vector<ParsedFile> parsed_;
  ClaimTable taken_;     ///< by the files judged so far
  ClaimTable held_;      ///< by last good versions of bad files
  ClaimTable in_force_;  ///< by all that comes into force
  std::vector<Waiting> waiting_;
  Manifest manifest_;
};

}  // namespace

Manifest load_manifest(const std::vector<ManifestText>& files, const Manifest& last_good) {
  return SetLoader(last_good).load(files);
}

}  // namespace sessync::manifest
