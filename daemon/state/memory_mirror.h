#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/state/suspension.h"
#include "manifest/manifest.h"
#include "reconciler/ports/state_store.h"

namespace sessync::state {

/// What the state holds, in memory: the meaning of each Change in one place. The database answers
/// reads from it, and the store of the tests is it. What kinds of rows there are and what tells
/// them apart is said in remembered.h.
///
/// A value: copying one copies all of it. Not synchronised; nothing fails and nothing waits.
class MemoryMirror {
 public:
  /// In their order. A session is known from the first change that names it, of whatever kind, to
  /// its DropSession.
  void apply(const ports::Change& change);
  void apply(const std::vector<ports::Change>& changes);
  /// `session`: its name in the manifest. Nothing: it is no longer suspended.
  void suspend(const std::string& session, const std::optional<Suspension>& suspension);
  /// In place of all that was held.
  void hold(manifest::Holdings holdings) { holdings_ = std::move(holdings); }
  /// Every add that was in doubt, and every create whose session is not known, may have been
  /// carried out since then: whoever was about to send them is gone. An add that was answered is
  /// not in doubt. For a state that is opened, or only read.
  void doubt_intents(ports::TimePoint since);
  /// What is recorded for after `now` was recorded by a clock that has been set back since: it
  /// counts as recorded now, or it would be recent for as long as the clock was ahead. A token
  /// keeps the length of its life. Suspensions and creations decide nothing by their age: they
  /// stay.
  void believe_no_future(ports::TimePoint now);

  /// A copy; of a session that is not known an empty one.
  [[nodiscard]] ports::Inventory load(const std::string& session_id) const;
  /// Of several uploads of one content the one that was confirmed last.
  [[nodiscard]] std::optional<ports::Upload> find_upload(const std::string& owner,
                                                         const std::string& sha256) const;
  [[nodiscard]] std::vector<ports::Upload> uploads(const std::string& owner) const;  ///< by file id
  [[nodiscard]] std::optional<ports::CreationRecord> find_creation(const std::string& owner,
                                                                   const std::string& name) const;
  [[nodiscard]] std::vector<std::string> sessions() const;             ///< ids, sorted
  [[nodiscard]] std::vector<ports::CreationRecord> creations() const;  ///< by owner and name
  /// By the session's name in the manifest. The reference is good until the next change.
  [[nodiscard]] const std::map<std::string, Suspension>& suspensions() const {
    return suspensions_;
  }

  /// Likewise.
  [[nodiscard]] const manifest::Holdings& holdings() const { return holdings_; }

 private:
  struct OwnerUploads {
    std::map<std::string, ports::Upload> by_file_id;
    std::set<std::pair<std::string, std::string>> by_digest;  ///< sha256, file id
  };
  struct Apply;

  std::map<std::string, ports::Inventory> sessions_;
  std::map<std::string, OwnerUploads> uploads_;
  std::map<std::pair<std::string, std::string>, ports::CreationRecord> creations_;  ///< owner, name
  std::map<std::string, Suspension> suspensions_;
  manifest::Holdings holdings_;
};

}  // namespace sessync::state
