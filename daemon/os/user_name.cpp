#include "daemon/os/user_name.h"

#include <array>

#include <pwd.h>

namespace sessync::os {

std::string user_name(uid_t uid) {
  constexpr std::size_t kLongestEntry = 16UL << 10;
  std::array<char, kLongestEntry> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const int error = ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return error == 0 && found != nullptr ? found->pw_name : "user " + std::to_string(uid);
}

}  // namespace sessync::os
