#pragma once

#include <optional>
#include <string_view>

namespace sessync::os {

/// A character that is written as several: what it means, and how long it is.
struct Escape {
  char meaning = 0;
  std::size_t length = 0;
};

/// What `text` begins with, if that is %2F, \u002f or \/.
std::optional<Escape> escape_in(std::string_view text);

}  // namespace sessync::os
