#pragma once

#include <map>
#include <optional>
#include <string>

#include "manifest/spec.h"

namespace sessync::manifest {

/// Paths none of which equals another or lies below one. Finding an overlap takes no more than a
/// look-up for each of the path's own components.
class PathTable {
 public:
  struct Owner {
    std::string path;
    Location at;
  };

  /// The path in the table that equals `path` or lies above or below it.
  [[nodiscard]] std::optional<Owner> overlap(const std::string& path) const;

  /// Precondition: nothing overlaps `path`.
  void add(const std::string& path, const Location& at) { owners_.emplace(path, Owner{path, at}); }

 private:
  [[nodiscard]] const Owner* find_at_or_above(const std::string& path) const;
  [[nodiscard]] const Owner* find_below(const std::string& path) const;

  std::map<std::string, Owner> owners_;
};

/// "line 7", or "b.yaml:7" if that is another file than `here`.
std::string describe_place(const Location& there, const std::string& here);

}  // namespace sessync::manifest
