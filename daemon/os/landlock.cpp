#include "daemon/os/landlock.h"

#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "daemon/os/os_error.h"
#include "daemon/os/unique_fd.h"

namespace sessync::os {
namespace {

// Newer than the headers that this is built with (Linux 6.2, the third version).
constexpr std::uint64_t kTruncate = std::uint64_t{1} << 14U;
constexpr long kVersionWithTruncate = 3;

constexpr std::uint64_t kReading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWriting = LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate;
constexpr std::uint64_t kMaking = LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE;
constexpr std::uint64_t kMakingMore =
    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK;
constexpr std::uint64_t kNever = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                 LANDLOCK_ACCESS_FS_MAKE_SYM;
constexpr std::uint64_t kAll = kReading | kWriting | kMaking | kMakingMore | kNever;
/// What there is to allow of something that is no directory.
constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_READ_FILE | kWriting;

std::uint64_t rights_of(FileRule::Right right) {
  switch (right) {
    case FileRule::Right::kRead:
      return kReading;
    case FileRule::Right::kChange:
      return kReading | kWriting | kMaking | kMakingMore;
    case FileRule::Right::kScratch:
      return LANDLOCK_ACCESS_FS_READ_FILE | kWriting | kMaking;
    case FileRule::Right::kUse:
      return LANDLOCK_ACCESS_FS_READ_FILE | kWriting;
  }
  return 0;
}

/// False: the kernel refuses it. What is not there needs no rule.
bool add_rule(int ruleset, const FileRule& rule, std::uint64_t known) {
  const UniqueFd place(::open(rule.path.c_str(), O_PATH | O_CLOEXEC));
  struct stat found{};
  if (!place || ::fstat(place.get(), &found) != 0) {
    return true;
  }
  landlock_path_beneath_attr beneath{};
  beneath.allowed_access =
      rights_of(rule.right) & known & (S_ISDIR(found.st_mode) ? kAll : kOfFiles);
  beneath.parent_fd = place.get();
  return ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
}

tl::unexpected<std::string> refused(const std::string& what) {
  return tl::unexpected(what + ": " + error_text(errno));
}

}  // namespace

tl::expected<void, std::string> confine_files(const std::vector<FileRule>& rules) {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) {
    return refused("the kernel has no Landlock, or does not let this process use it");
  }
  const auto known = version < kVersionWithTruncate ? kAll & ~kTruncate : kAll;
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = known;
  const UniqueFd ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0)));
  if (!ruleset) {
    return refused("Landlock takes no rules");
  }
  for (const auto& rule : rules) {
    if (!add_rule(ruleset.get(), rule, known)) {
      return refused("Landlock takes no rule for " + rule.path);
    }
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return refused("Landlock refuses to begin");
  }
  return {};
}

}  // namespace sessync::os
