#include "daemon/os/environment.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>

#include <fnmatch.h>
#include <strings.h>
#include <unistd.h>

#include "reconciler/ports/secret.h"

namespace sessync::os {
namespace {

/// Of others: they are looked at again and again, or handed on.
constexpr std::array<const char*, 13> kUsual = {
    "PATH",       "HOME",        "USER",      "LANG",       "LC_*",     "TZ",       "TMPDIR",
    "SSL_CERT_*", "https_proxy", "all_proxy", "http_proxy", "no_proxy", "ftp_proxy"};
constexpr std::array<const char*, 9> kNeeded = {"ANTHROPIC_*", "SESSYNC_*", "NOTIFY_SOCKET",
                                                "WATCHDOG_*",  "XDG_*",     "CURL_*",
                                                "LD_*",        "MALLOC_*",  "GLIBC_*"};

struct Taken {
  std::mutex mutex;
  std::map<std::string, ports::Secret> values;
};

/// Never destroyed: threads may ask until the process is gone.
Taken& taken() {
  static auto& all = *std::make_unique<Taken>().release();
  return all;
}

/// Its value where it stands; null if it is not set.
char* value_in_place(const std::string& name) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, name.c_str(), name.size()) == 0 && (*entry)[name.size()] == '=') {
      return *entry + name.size() + 1;
    }
  }
  return nullptr;
}

std::optional<std::string> set_value(const char* value) {
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

/// With the mutex held, as what is below it.
std::optional<std::string> known(const std::string& name) {
  const auto found = taken().values.find(name);
  return found != taken().values.end() ? std::optional(found->second.reveal())
                                       : set_value(value_in_place(name));
}

std::optional<std::string> take(const std::string& name) {
  auto value = known(name);
  char* const place = value_in_place(name);
  if (value && place != nullptr && *place != '\0') {
    taken().values[name] = ports::Secret(*value);
    ::explicit_bzero(place, std::strlen(place));
  }
  return value;
}

bool is_proxy(const std::string& pattern, const std::string& name) {
  return pattern.ends_with("_proxy") && ::strcasecmp(pattern.c_str(), name.c_str()) == 0;
}

bool is_needed(const std::string& name) {
  return is_usual_variable(name) || std::ranges::any_of(kNeeded, [&](const char* pattern) {
           return names_variable(pattern, name);
         });
}

}  // namespace

std::optional<std::string> variable(const std::string& name) {
  const std::lock_guard lock(taken().mutex);
  return known(name);
}

std::optional<std::string> take_variable(const std::string& name) {
  const std::lock_guard lock(taken().mutex);
  return is_needed(name) ? known(name) : take(name);
}

void take_and_unset(const std::vector<std::string>& names) {
  const std::lock_guard lock(taken().mutex);
  for (const auto& name : names) {
    if (auto value = take(name)) ports::wipe(*value);
    ::unsetenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): there is one thread
  }
}

void hide_value(const std::string& name) {
  char* const place = value_in_place(name);
  if (place == nullptr || *place == '\0') return;
  std::string value(place);
  // A changed variable gets new memory; the one that the kernel shows is the first.
  if (::setenv(name.c_str(), value.c_str(), 1) == 0) {  // NOLINT(concurrency-mt-unsafe): as above
    ::explicit_bzero(place, value.size());
  }
  ports::wipe(value);
}

std::vector<std::string> environment_of(
    const std::function<bool(const std::string& name)>& wanted) {
  std::vector<std::string> result;
  const std::lock_guard lock(taken().mutex);
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const char* const end = std::strchr(*entry, '=');
    if (end == nullptr) continue;
    const std::string name(*entry, static_cast<std::size_t>(end - *entry));
    if (!taken().values.contains(name) && wanted(name)) result.emplace_back(*entry);
  }
  for (const auto& [name, value] : taken().values) {
    if (wanted(name)) result.push_back(name + "=" + value.reveal());
  }
  return result;
}

bool is_usual_variable(const std::string& name) {
  return std::ranges::any_of(kUsual, [&](const char* pattern) {
    return names_variable(pattern, name) || is_proxy(pattern, name);
  });
}

bool names_variable(const std::string& pattern, const std::string& name) {
  return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

bool is_variable_pattern(std::string_view text) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_*?";
  return !text.empty() && text.find_first_not_of(kLetters) == text.npos &&
         (text.front() < '0' || text.front() > '9');
}

}  // namespace sessync::os
