#include <cstdlib>

#include <sched.h>
#include <sys/mount.h>

namespace sessync::test {
namespace {

/// A watcher crawls everything again when something is mounted, as it must, and other tests mount:
/// this program has a mount namespace of its own. Who may not have one may not mount either.
class OwnMounts {
 public:
  OwnMounts() noexcept {
    if (::unshare(CLONE_NEWNS) != 0) return;
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) std::abort();
  }
};

const OwnMounts kOwnMounts;

}  // namespace
}  // namespace sessync::test
