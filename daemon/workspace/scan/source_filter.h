#pragma once

#include <string_view>
#include <utility>

#include "manifest/pattern/pattern.h"

namespace sessync::workspace {

/// True for the names that are never mirrored unless somebody asks for them by name: version
/// control, editors' droppings, a ConfigMap volume's generations, and, against accidents, secrets.
bool is_default_exclusion(std::string_view base_name);

/// A default exclusion that earlier versions mirrored: what they mounted is not theirs to lose.
bool is_lately_excluded(std::string_view base_name);

/// Which paths below a directory source its entry selects. Ignore files are not part of it.
///
/// Paths are relative to the source. Callers walk top-down and ask about a path only if its parent
/// directory was entered.
class SourceFilter {
 public:
  SourceFilter(manifest::Patterns include, manifest::Patterns exclude)
      : include_(std::move(include)), exclude_(std::move(exclude)) {}

  /// A file below `directory` may be taken.
  [[nodiscard]] bool enters(std::string_view directory) const;
  [[nodiscard]] bool takes(std::string_view file) const;

  /// An include pattern names it literally.
  [[nodiscard]] bool asks_for(std::string_view base_name) const {
    return include_.names_literally(base_name);
  }

  /// `base_name` is a default exclusion that no include pattern asks for.
  [[nodiscard]] bool excludes_by_default(std::string_view base_name) const;

 private:
  manifest::Patterns include_;
  manifest::Patterns exclude_;
};

/// True if a symlink may not lead to `target` (relative): a part of it is excluded by default. The
/// generations of a ConfigMap volume ("..data") may be led through: they are excluded only so that
/// their files are not taken twice.
bool is_excluded_target(const SourceFilter& filter, std::string_view target);

}  // namespace sessync::workspace
