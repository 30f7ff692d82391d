#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/state/suspension.h"
#include "reconciler/ports/state_store.h"

namespace sessync {

/// What the state holds, in memory: the meaning of each Change in one place. Not synchronised.
class MemoryMirror {
 public:
  void apply(const Change& change);
  void apply(const std::vector<Change>& changes);
  void suspend(const std::string& session, const std::optional<Suspension>& suspension);
  /// Every add and create that was about to be sent may have been carried out.
  void doubt_intents(TimePoint since);
  /// What is recorded for after `now` was recorded by a clock that has been set back since: it
  /// counts as recorded now, or it would be recent for as long as the clock was ahead.
  void believe_no_future(TimePoint now);

  [[nodiscard]] SessionMemory load(const std::string& session_id) const;
  /// Of several uploads of one content the one that was confirmed last.
  [[nodiscard]] std::optional<Upload> find_upload(const std::string& owner,
                                                  const std::string& sha256) const;
  [[nodiscard]] std::vector<Upload> uploads(const std::string& owner) const;  ///< by file id
  [[nodiscard]] std::optional<CreationRecord> find_creation(const std::string& owner,
                                                            const std::string& name) const;
  [[nodiscard]] std::vector<std::string> sessions() const;
  [[nodiscard]] std::vector<CreationRecord> creations() const;
  [[nodiscard]] const std::map<std::string, Suspension>& suspensions() const {
    return suspensions_;
  }

 private:
  struct OwnerUploads {
    std::map<std::string, Upload> by_file_id;
    std::set<std::pair<std::string, std::string>> by_digest;  ///< sha256, file id
  };
  struct Apply;

  std::map<std::string, SessionMemory> sessions_;
  std::map<std::string, OwnerUploads> uploads_;
  std::map<std::pair<std::string, std::string>, CreationRecord> creations_;  ///< owner, name
  std::map<std::string, Suspension> suspensions_;
};

}  // namespace sessync
