#pragma once

#include <string_view>

namespace sessync::os {

/// From now on foreign_text() shows neither user and password of `url` nor the password alone, as
/// they are written or as they are sent. What is no URL, or has none, is let be.
void keep_credentials_secret(std::string_view url);

}  // namespace sessync::os
