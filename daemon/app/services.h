#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "daemon/api/send/api_observer.h"
#include "daemon/api/send/api_options.h"
#include "daemon/config/settings.h"
#include "daemon/pass/pass_runner.h"
#include "daemon/state/state_database.h"
#include "daemon/state/state_origin.h"
#include "manifest/load.h"

namespace sessync::app {

class Progress;

/// What one process works with, put together: state, API thread, scanner, and the runner of passes
/// over them.
class Services {
 public:
  enum class State {
    kLocked,                 ///< this process alone may write
    kLockedOnceThereIsRoom,  ///< the same; a full disk is waited for, and nothing is written
                             ///< meanwhile
    kReadOnly,               ///< as it is now; writes nothing
  };
  /// Who is told how far the work is, if anybody is; they outlive the services.
  struct Watchers {
    api::ApiObserver* observer = nullptr;
    Progress* progress = nullptr;
  };
  static tl::expected<std::unique_ptr<Services>, config::UsageError> open(
      const config::Settings& settings, api::ApiOptions api, State state, Watchers watchers);
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;
  ~Services();

  runner::PassRunner& passes();

  /// Writes what was learned of files to the state, in the background.
  void save_digests();
  /// Forgets digests of files that no pass has met since the last call.
  void forget_unused_digests();
  /// Deletes uploads of ours that nothing has needed for a while.
  void collect_uploads(const std::string& owner);
  /// Forgets sessions that left the manifest long ago.
  void forget_left_sessions(const std::string& owner);

  /// Whose state it is; kept beside the state.
  void remember_origin(const state::StateOrigin& origin);

  /// What decides where files of the manifest disagree; nothing: nobody can tell what the state
  /// holds.
  [[nodiscard]] std::optional<manifest::Holdings> holdings() const;
  /// Before what is written to a session from now on. To be told again once the state can be
  /// written again: what could not be written then is forgotten.
  void remember_holdings(const manifest::Holdings& holdings);

  /// The manifest in force, all of it: outputs must not land in what is uploaded. What is not among
  /// the sessions of one without errors has left it.
  void declare(const manifest::Manifest& manifest);

  /// Sessions that somebody asked to be left alone, by name.
  [[nodiscard]] std::map<std::string, state::Suspension> suspensions() const;
  /// Nothing: resumes. Returns once it is on disk, or why it is not.
  tl::expected<void, std::string> set_suspension(
      const std::string& session, const std::optional<state::Suspension>& suspension);

  /// What keeps the state from being written; nothing, as far as is known.
  [[nodiscard]] std::optional<state::StateDatabase::Trouble> state_trouble() const;
  [[nodiscard]] bool state_is_known() const;
  /// Told on some thread when that becomes another one; none once {} was given.
  void watch_state(std::function<void()> told);

  /// Files taken although nothing kept writers away while they were read.
  [[nodiscard]] std::uint64_t unleased_reads() const;

  /// From now on large files are read while passes go on without them; `when_read` is told which
  /// session had one that is read now, on a thread of its own, until the next call.
  void read_beside(std::function<void(const std::string& session)> when_read);

  /// From now on outputs are fetched beside passes; `told` as in read_beside: of which session
  /// there is something to show.
  void fetch_beside(std::function<void(const std::string& session)> told);

  /// Uploads end, and no new one starts; no file is read and no token fetched any more; other calls
  /// go on.
  void abort_uploads();
  /// Every call ends, and no file is read any more; what was sent is in doubt.
  void abort_everything();

 private:
  struct Parts;
  explicit Services(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace sessync::app
