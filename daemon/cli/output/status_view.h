#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "reconciler/ports/api_error.h"

namespace sessync::cli {

/// What is shown of the daemon's status documents (/api/v1/status), by whoever asked for them. What
/// they mean is said in them: nothing is concluded here. Names, messages and paths in them come
/// from anywhere and are made printable, or escaped in JSON. Each throws std::runtime_error if a
/// document is not understood. One thread at a time.
struct StatusView {
  ports::TimePoint now;               ///< to which times are told: "3 min ago"
  std::vector<std::string> sessions;  ///< only these; empty: all
};

/// A table, and below it what is wrong and what to do. Ends with a line break.
std::string status_table(const std::string& document, const StatusView& view);

/// The status as it goes on, for people: one document after the other, also of a daemon that was
/// restarted in between.
class FollowedStatus {
 public:
  /// `sessions`: only these; empty: all.
  explicit FollowedStatus(std::vector<std::string> sessions) : sessions_(std::move(sessions)) {}

  /// What reads differently in this document than in the last: a line for each session, and for
  /// each that left. That a pass looks whether all is as declared is no news.
  std::string take(const std::string& document);

  /// The table of the newest document; "" before the first.
  [[nodiscard]] std::string table(ports::TimePoint now) const;

 private:
  std::string lines_of_sessions(const nlohmann::ordered_json& document);

  std::vector<std::string> sessions_;
  std::string document_;
  std::string manifest_;                     ///< what was said of it last
  std::map<std::string, std::string> said_;  ///< session → its last line
};

/// The same for programs: a line of JSON for each thing that changed, with the names and the data
/// of the daemon's own events ("status": all of it, first and after a restart; then "session",
/// "left" with names, "manifest" with all but the sessions).
class StatusEvents {
 public:
  std::string take(const std::string& document);

 private:
  std::string started_;                          ///< when that daemon did
  std::string facts_;                            ///< all but the sessions
  std::map<std::string, std::string> sessions_;  ///< name → its part of the document
};

}  // namespace sessync::cli
