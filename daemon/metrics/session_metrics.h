#pragma once

#include <memory>
#include <string>

#include "daemon/status/board.h"

namespace sessync {

/// What is counted for each session. Only text() may be called at the same time as something else.
class SessionMetrics {
 public:
  SessionMetrics();
  ~SessionMetrics();
  SessionMetrics(const SessionMetrics&) = delete;
  SessionMetrics& operator=(const SessionMetrics&) = delete;

  void pass_finished(const StatusBoard::FinishedPass& pass, Duration took);
  /// A session left the manifest: its series go with it.
  void remove(const std::string& session);

  [[nodiscard]] std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace sessync
