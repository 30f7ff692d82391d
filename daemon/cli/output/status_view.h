#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconciler/ports/api_error.h"

namespace sessync {

/// What a person is shown of the daemon's documents. Names, messages and paths in them come from
/// anywhere and are made printable. Each throws std::runtime_error if a document is not understood.
struct StatusView {
  TimePoint now;
  std::vector<std::string> sessions;  ///< only these; empty: all
};

/// A table, and below it what is wrong and what to do.
std::string status_table(const std::string& document, const StatusView& view);

/// The status as it goes on: events are put into the document that the stream began with.
class FollowedStatus {
 public:
  explicit FollowedStatus(std::vector<std::string> sessions) : sessions_(std::move(sessions)) {}

  /// What the event changed: a line for each session that reads differently now.
  std::string take(const std::string& kind, const std::string& data);

  /// All of it, as it is now.
  [[nodiscard]] std::string table(TimePoint now) const;

 private:
  std::string lines_of(const std::string& document);
  std::string begin_pass(const std::string& name);
  std::string remove(const std::string& name);

  std::vector<std::string> sessions_;
  std::string begun_;                          ///< the document, without its sessions
  std::map<std::string, std::string> latest_;  ///< session → its document
  std::map<std::string, std::string> lines_;   ///< session → what was said of it last
};

}  // namespace sessync
