#pragma once

#include <memory>
#include <string>

#include "daemon/status/board.h"

namespace sessync::metrics {

/// What is counted for each session: passes by their result, how long they took, actions, and when
/// tokens were sent. A series begins with its first event. Only text() may be called at the same
/// time as something else.
class SessionMetrics {
 public:
  SessionMetrics();
  ~SessionMetrics();
  SessionMetrics(const SessionMetrics&) = delete;
  SessionMetrics& operator=(const SessionMetrics&) = delete;

  /// `took`: from its start to its end, waits included.
  void pass_finished(const status::StatusBoard::FinishedPass& pass, ports::Duration took);
  /// A session left the manifest: its series go with it, and begin at zero should it come back.
  void remove(const std::string& session);

  /// In Prometheus' text format, sorted by the library.
  [[nodiscard]] std::string text() const;

 private:
  struct Families;  ///< the library's types stay in the source
  std::unique_ptr<Families> families_;
};

}  // namespace sessync::metrics
