#pragma once

#include <string>
#include <vector>

#include "manifest/manifest.h"

namespace sessync::state {

/// One of manifest::Holdings, as it is kept. The owner in force is one too.
struct Held {
  /// owner | name | session_id | destination | secret | refused_name and so on; others are a newer
  /// version's
  std::string kind;
  std::string value;  ///< of secrets and refusals "FILE/VALUE": several files may have one
  std::string file;   ///< "" for the owner
  friend auto operator<=>(const Held&, const Held&) = default;
};

/// Sorted.
std::vector<Held> rows_of(const manifest::Holdings& holdings);
manifest::Holdings holdings_of(const std::vector<Held>& rows);

}  // namespace sessync::state
