#pragma once

#include <string>
#include <vector>

#include "manifest/manifest.h"

namespace sessync::state {

/// One of manifest::Holdings, as it is kept. The owner in force is one too.
struct Held {
  std::string kind;  ///< owner | name | session_id | destination; others are a newer version's
  std::string value;
  std::string file;  ///< "" for the owner
  friend auto operator<=>(const Held&, const Held&) = default;
};

/// Sorted.
std::vector<Held> rows_of(const manifest::Holdings& holdings);
manifest::Holdings holdings_of(const std::vector<Held>& rows);

}  // namespace sessync::state
