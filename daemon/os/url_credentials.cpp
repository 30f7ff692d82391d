#include "daemon/os/url_credentials.h"

#include <charconv>
#include <string>

#include "daemon/os/live_secrets.h"

namespace sessync::os {
namespace {

/// A "%" that begins no escape stands for itself.
std::string percent_decode(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::string digits(text.substr(0, 3));
    unsigned value = 0;
    const char* const end = digits.data() + digits.size();
    const bool escape = digits.size() == 3 && digits.front() == '%' &&
                        std::from_chars(digits.data() + 1, end, value, 16).ptr == end;
    result += escape ? static_cast<char>(value) : text.front();
    text.remove_prefix(escape ? 3 : 1);
  }
  return result;
}

/// As written, and as sent.
void keep_secret(std::string_view text) {
  live_secrets().add(ports::Secret(std::string(text)), LiveSecrets::Life::kProcess);
  live_secrets().add(ports::Secret(percent_decode(text)), LiveSecrets::Life::kProcess);
}

}  // namespace

void keep_credentials_secret(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != url.npos) url.remove_prefix(scheme + 3);
  const auto at = url.rfind('@');
  if (at == url.npos) return;
  const auto credentials = url.substr(0, at);
  keep_secret(credentials);
  if (const auto colon = credentials.find(':'); colon != credentials.npos) {
    keep_secret(credentials.substr(colon + 1));
  }
}

}  // namespace sessync::os
