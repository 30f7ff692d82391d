#pragma once

#include <map>
#include <string>
#include <vector>

namespace sessync {

/// What a call of the API asks for.
enum class Operation {
  kAny,  ///< in fault rules: every operation
  kUpload,
  kGetFile,
  kListFiles,         ///< unscoped, without ids
  kFindFiles,         ///< by ids
  kListSessionFiles,  ///< scoped
  kDownloadFile,
  kDeleteFile,
  kCreateSession,
  kGetSession,
  kListSessions,
  kUpdateSession,
  kArchiveSession,
  kDeleteSession,
  kListEvents,
  kSendEvents,
  kStreamEvents,
  kAddResource,
  kListResources,
  kGetResource,
  kRotateToken,
  kDeleteResource,
  kUnknown,
};

/// upload, add_resource, list_session_files ...
const char* to_string(Operation operation);
/// kUnknown if there is no such name. "add", "delete" and "list" mean those of resources, "rotate"
/// a token update.
Operation operation_from(const std::string& name);
bool is_write(Operation operation);

/// The calls that reached the double, in order.
class CallLog {
 public:
  struct Entry {
    Operation operation = Operation::kUnknown;
    std::string session_id;
    /// In memory: file or resource id, upload name, mount path. Over HTTP: method and path.
    std::string target;
    int status = 200;  ///< what was answered; 0: the answer was lost
  };

  void add(Entry entry) { entries_.push_back(std::move(entry)); }
  void clear() { entries_.clear(); }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] std::size_t count(Operation operation) const;
  [[nodiscard]] std::size_t writes() const;

 private:
  std::vector<Entry> entries_;
};

}  // namespace sessync
