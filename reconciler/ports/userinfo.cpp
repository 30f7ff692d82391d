#include "reconciler/ports/userinfo.h"

namespace sessync::ports {

std::string without_userinfo(std::string_view text) {
  constexpr std::string_view kStart = "://";
  constexpr std::string_view kEnds = " \t\r\n\"'`<>";
  std::string result;
  for (auto start = text.find(kStart); start != text.npos; start = text.find(kStart)) {
    start += kStart.size();
    result += text.substr(0, start);
    text.remove_prefix(start);
    const auto at = text.substr(0, text.find_first_of(kEnds)).rfind('@');
    if (at != text.npos) text.remove_prefix(at + 1);
  }
  return result += text;
}

}  // namespace sessync::ports
