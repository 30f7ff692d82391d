#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/observe/marker.h"
#include "reconciler/ports/marker_key.h"
#include "reconciler/reconcile.h"
#include "tests/double/memory/memory_session_api.h"
#include "tests/double/memory/memory_state_store.h"
#include "tests/double/memory/memory_token_source.h"
#include "tests/double/memory/test_loop.h"
#include "tests/double/model/faults.h"
#include "tests/double/model/session_model.h"
#include "tests/simulation/declared.h"
#include "tests/simulation/limits.h"
#include "tests/simulation/random.h"
#include "tests/simulation/steps.h"
#include "tests/simulation/teams.h"
#include "tests/simulation/workspace.h"

namespace sessync::simulation {

/// Everything outside of the daemon's process, and what must be remembered of it to judge what the
/// daemon does.
struct World {
  explicit World(const Scenario& scenario);

  /// The files of the manifest.
  [[nodiscard]] std::vector<TeamFile> team_files() const;

  /// What happens outside of the process. Process steps are the caller's.
  void perform(const Step& step);
  /// No more faults of the API, the line and the store.
  void end_faults();
  /// The state directory is lost.
  void lose_state();
  /// No more faults, nobody else interferes, everything can be read: now it must converge.
  void calm();

  void note(const std::string& event);
  /// Keeps the first one.
  void violated(const std::string& promise);

  /// A pass that adopts may make rows of others ours.
  void note_adoptable(const manifest::SessionSpec& spec);
  /// The marker in a file's name, as far as its maker had our keys; with the digest of what it
  /// marks, however it says that.
  [[nodiscard]] std::optional<observe::Marker> marker_of(const std::string& filename) const;
  /// What was uploaded under a name that says it only to who has the key.
  void note_upload(const std::string& filename, const std::string& sha256);
  /// From now on markers are made with another key; those made before still count.
  void rotate_marker_key();

  /// Promises that can be judged when an upload was made, or a pass has ended.
  void judge_uploads();
  void judge_outcome(const pass::PassInput& input, const pass::PassOutcome& outcome);

  /// Moves every clock.
  void advance_to(ports::TimePoint time);
  [[nodiscard]] ports::TimePoint now() const { return loop.now(); }

  Random random;
  ports::Duration clock_skew{0};  ///< how far the server's clock is ahead of the daemon's
  SessionModel model;
  TestLoop loop;
  MemoryStateStore store{loop};
  Workspace disk;
  MemoryTokenSource tokens{loop};
  std::vector<std::unique_ptr<MemorySessionApi>> apis;  ///< of every process that ever was
  DeclaredSet declared;
  std::string manifest_text;
  std::string rival_name;         ///< of another team's file; sorts before ours, or behind it
  std::optional<TeamFile> rival;  ///< if it is there
  manifest::Holdings holdings;    ///< kept with the state
  Teams teams;
  std::vector<FaultRule> faults;
  bool events_are_lost = false;
  bool is_degraded = false;
  bool manifest_is_news = false;   ///< for the daemon's watcher, which takes it back
  bool workspace_is_news = false;  ///< likewise
  bool faults_are_news = false;    ///< likewise

  ports::MarkerRules
      markers;  ///< of every process; keys in some worlds, where others forge markers
  std::map<std::string, std::string> sealed;  ///< by name: the digest of what it marks
  Vocabulary words;
  std::set<std::string> foreign;         ///< resource ids of rows that somebody else put there
  std::set<std::string> may_be_adopted;  ///< rows with a marker that an adopting pass could see
  std::map<std::string, std::set<std::string>> tokens_ever;  ///< by repository
  ports::TimePoint hidden_until{};  ///< lists may still show what somebody else deleted
  std::uint64_t losses = 0;         ///< how often somebody else deleted a row
  /// By session: rows of ours that a first look without state found where the manifest declares
  /// nothing of ours. None is deleted before somebody has said that the session is the right one.
  std::map<std::string, std::set<std::string>> doubted;
  bool lost_state = false;                      ///< once or more
  std::set<std::string> owners;                 ///< ever declared
  std::vector<workspace::DigestEntry> digests;  ///< kept by the life before, with the state
  std::set<std::string> suspended;  ///< names of sessions, by command; kept with the state

  bool is_traced = false;
  std::vector<std::string> trace;
  std::uint64_t trace_hash = 0;
  std::optional<std::string> violation;

 private:
  void change_workspace(const Step& step);
  void change_manifest(const Step& step);
  void change_rival(const Step& step);
  void interfere(const Step& step);
  void change_tokens(const Step& step);
  void lose_rotation(Random& dice);
  void change_api(const Step& step);

  std::string foreign_name(Random& dice, const model::Content& content);
  void foreign_add(const std::string& session, Random& dice, const std::string& mount);
  void foreign_delete(const std::string& session, Random& dice, bool take_path);
  void lose_upload(bool by_expiry, Random& dice);
  [[nodiscard]] std::string some_session(std::uint64_t number) const;
  std::string fresh_bytes();
  /// Some hold a secret.
  std::string fresh_text();
  std::string fresh_token(const std::string& url);

  void judge_duplicates(const std::string& session_id, const std::string& owner);

  std::uint64_t serial_ = 0;
  bool is_broken_ = false;  ///< manifest_text
};

/// What a content with a secret ends with.
const std::string& secret_text();

/// Tokens are recognised wherever they turn up.
inline constexpr const char* kCanary = "canary-token-";

}  // namespace sessync::simulation
