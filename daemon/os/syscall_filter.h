#pragma once

#include <string>

#include <tl/expected.hpp>

namespace sessync::os {

enum class Programs {
  kNone,     ///< none is run: no process is started, no user becomes another
  kAllowed,  ///< those that are run are filtered, too
};

/// From now on no thread of the process can call what only administrators and debuggers need, nor
/// what is newer than this program: the kernel answers EPERM, ENOSYS or EAFNOSUPPORT. For ever, and
/// without a way to gain privileges (no_new_privs). The error says why the kernel does not.
tl::expected<void, std::string> filter_system_calls(Programs programs);

}  // namespace sessync::os
