#pragma once

#include <string>
#include <string_view>

namespace sessync::ports {

/// `text` without what stands between "://" and the last "@" before the next blank or quote: user,
/// password, token. None belongs into a message, a comparison or the state. Of a password that is
/// not encoded as it should be, "/", "?" and "#" in it included. Total: text without any URL comes
/// back as it is. For whatever may hold a URL that somebody else wrote.
std::string without_userinfo(std::string_view text);

}  // namespace sessync::ports
