#include "tests/double/model/call_log.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sessync {

namespace {

constexpr std::array<std::pair<Operation, const char*>, 23> kNames = {{
    {Operation::kAny, "any"},
    {Operation::kUpload, "upload"},
    {Operation::kGetFile, "get_file"},
    {Operation::kListFiles, "list_files"},
    {Operation::kFindFiles, "find_files"},
    {Operation::kListSessionFiles, "list_session_files"},
    {Operation::kDownloadFile, "download_file"},
    {Operation::kDeleteFile, "delete_file"},
    {Operation::kCreateSession, "create_session"},
    {Operation::kGetSession, "get_session"},
    {Operation::kListSessions, "list_sessions"},
    {Operation::kUpdateSession, "update_session"},
    {Operation::kArchiveSession, "archive_session"},
    {Operation::kDeleteSession, "delete_session"},
    {Operation::kListEvents, "list_events"},
    {Operation::kSendEvents, "send_events"},
    {Operation::kStreamEvents, "stream_events"},
    {Operation::kAddResource, "add_resource"},
    {Operation::kListResources, "list_resources"},
    {Operation::kGetResource, "get_resource"},
    {Operation::kRotateToken, "rotate_token"},
    {Operation::kDeleteResource, "delete_resource"},
    {Operation::kUnknown, "unknown"},
}};

}  // namespace

const char* to_string(Operation operation) {
  const auto* found = std::find_if(kNames.begin(), kNames.end(),
                                   [&](const auto& name) { return name.first == operation; });
  return found == kNames.end() ? "unknown" : found->second;
}

Operation operation_from(const std::string& name) {
  static const std::map<std::string, Operation> shorthands = {
      {"add", Operation::kAddResource},
      {"delete", Operation::kDeleteResource},
      {"list", Operation::kListResources},
      {"rotate", Operation::kRotateToken}};
  if (const auto found = shorthands.find(name); found != shorthands.end()) {
    return found->second;
  }
  const auto* found = std::find_if(kNames.begin(), kNames.end(), [&](const auto& entry) {
    return std::string_view(entry.second) == name;
  });
  return found == kNames.end() ? Operation::kUnknown : found->first;
}

bool is_write(Operation operation) {
  switch (operation) {
    case Operation::kUpload:
    case Operation::kDeleteFile:
    case Operation::kCreateSession:
    case Operation::kUpdateSession:
    case Operation::kArchiveSession:
    case Operation::kDeleteSession:
    case Operation::kSendEvents:
    case Operation::kAddResource:
    case Operation::kRotateToken:
    case Operation::kDeleteResource:
      return true;
    default:
      return false;
  }
}

std::size_t CallLog::count(Operation operation) const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [&](const Entry& entry) { return entry.operation == operation; }));
}

std::size_t CallLog::writes() const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [](const Entry& entry) { return is_write(entry.operation); }));
}

}  // namespace sessync
