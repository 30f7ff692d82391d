#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "manifest/manifest.h"
#include "reconciler/ports/loop.h"

namespace sessync::controller {

/// Files of a manifest that had something in force and are not there any more. A checkout replaces
/// files one by one, so that for a moment one may seem to be gone.
class AbsentFiles {
 public:
  /// How long one may come back and find what it had.
  static constexpr ports::Duration kGrace = std::chrono::minutes(1);

  /// The names of those that are gone for less than that. `texts`: what is there now; `before`:
  /// what was in force until now.
  std::set<std::string> look(const std::vector<manifest::ManifestText>& texts,
                             const manifest::Manifest& before, ports::TimePoint now);

  /// When the next of them is gone for good; nothing: none will be.
  [[nodiscard]] std::optional<ports::TimePoint> next() const { return next_; }

 private:
  std::map<std::string, ports::TimePoint> since_;
  std::optional<ports::TimePoint> next_;
};

}  // namespace sessync::controller
