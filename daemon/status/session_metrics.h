#pragma once

#include <memory>
#include <optional>
#include <string>

#include "daemon/status/board.h"

namespace sessync {

/// The metrics that have a session as a label. Only text() may be called at the same time as
/// something else.
class SessionMetrics {
 public:
  SessionMetrics();
  ~SessionMetrics();
  SessionMetrics(const SessionMetrics&) = delete;
  SessionMetrics& operator=(const SessionMetrics&) = delete;

  void pass_finished(const StatusBoard::FinishedPass& pass, Duration took);
  [[nodiscard]] bool knows(const std::string& session) const;
  /// Of a session whose status changed.
  void show(const SessionStatus& status);
  /// A session left the manifest: its series go with it.
  void remove(const std::string& session);

  [[nodiscard]] std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace sessync
