#pragma once

#include <map>
#include <mutex>
#include <string>

#include "daemon/controller/observer.h"

namespace sessync::app {

/// What passes did, and what is wrong with the manifest, as lines of the log. One line per action
/// and one when the session's state changes; a pass that changes nothing is silent. Any thread; the
/// lines of one pass stay together.
class PassLog {
 public:
  /// The problems of a manifest, once for as long as they stay the same.
  void manifest_read(const manifest::Manifest& manifest, ports::TimePoint now);
  void pass_finished(const controller::FinishedPass& pass);

 private:
  // All of these with the mutex held.
  void log_problems(const manifest::Manifest& manifest);
  void log_state(const controller::FinishedPass& pass);
  void forget_left(ports::TimePoint now);

  std::mutex mutex_;
  std::string last_problems_;
  struct LastState {
    std::string text;     ///< to log changes only
    ports::TimePoint at;  ///< the session's last pass
  };
  std::map<std::string, LastState> last_state_;  ///< by session
};

}  // namespace sessync::app
