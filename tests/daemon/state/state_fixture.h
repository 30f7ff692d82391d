#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "daemon/os/completion_queue.h"
#include "daemon/state/state_database.h"
#include "daemon/state/state_lock.h"

namespace sessync {

inline ports::TimePoint at(std::int64_t ms) { return ports::TimePoint{ports::Duration{ms}}; }

/// A directory of its own, removed at the end.
class TempDirectory {
 public:
  enum class Where { kDisk, kMemory };  ///< in memory, syncing takes no time
  explicit TempDirectory(Where where = Where::kDisk);
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory();
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] std::vector<std::string> names() const;  ///< of what is in it, sorted

 private:
  std::string path_;
};

/// The locked and opened state of one directory.
struct OpenState {
  state::StateLock lock;
  std::unique_ptr<state::StateDatabase> database;
};

/// Fails the test if it cannot be opened.
OpenState open_state(const std::string& directory, ports::TimePoint now = at(1'000'000));

inline const std::string kSession = "sesn_1";

/// The change that leaves one in kSession.
std::vector<ports::Change> tombstone(const std::string& id);

/// Commits through a worker's store and pumps the loop until that is answered.
tl::expected<ports::Done, ports::StoreError> commit(state::StateDatabase& database,
                                                    std::vector<ports::Change> changes);

/// Runs SQL on a database file as some other program would.
void run_sql(const std::string& path, const char* sql);
/// The rows that answer, each as its values with a blank between.
std::vector<std::string> ask_sql(const std::string& path, const char* sql);

/// Everything of one session, to read: comparing it is == 's part.
std::string text_of(const ports::Inventory& inventory);

}  // namespace sessync

namespace Catch {
template <>
struct StringMaker<sessync::ports::Inventory> {
  static std::string convert(const sessync::ports::Inventory& inventory) {
    return sessync::text_of(inventory);
  }
};
}  // namespace Catch
