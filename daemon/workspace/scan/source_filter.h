#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "manifest/pattern/pattern.h"
#include "reconciler/ports/snapshot.h"

namespace sessync::workspace {

/// Which paths below a directory source its entry selects. Ignore files are not part of it.
///
/// Paths are relative to the source. Callers walk top-down and ask about a path only if its parent
/// directory was entered.
class SourceFilter {
 public:
  /// `allow`: names that are no default exclusions here. `above`: the name of the directory that
  /// paths are relative to, if it is known. `budget`, if it is not null, outlives it.
  SourceFilter(manifest::Patterns include, manifest::Patterns exclude,
               std::vector<std::string> allow = {}, std::string above = {},
               manifest::MatchBudget* budget = nullptr)
      : include_(std::move(include)),
        exclude_(std::move(exclude)),
        allow_(std::move(allow)),
        above_(std::move(above)),
        budget_(budget) {}

  /// A file below `directory` may be taken.
  [[nodiscard]] bool enters(std::string_view directory) const {
    return !exclusion(directory, true) && selects(directory, true);
  }
  [[nodiscard]] bool takes(std::string_view file) const {
    return !exclusion(file, false) && selects(file, false);
  }

  /// By the patterns alone. Of a directory: something below it may be.
  [[nodiscard]] bool selects(std::string_view path, bool is_directory) const;

  /// By an exclude pattern on `path` itself.
  [[nodiscard]] bool excludes(std::string_view path, bool is_directory) const;

  /// The default exclusion that keeps it out although it may be selected: one that neither an
  /// include pattern nor `allow` asks for.
  [[nodiscard]] std::optional<ports::LeftOut::Rule> exclusion(std::string_view path,
                                                              bool is_directory) const;

  /// An include pattern or `allow` names it literally.
  [[nodiscard]] bool asks_for(std::string_view base_name) const;

 private:
  manifest::Patterns include_;
  manifest::Patterns exclude_;
  std::vector<std::string> allow_;
  std::string above_;
  manifest::MatchBudget* budget_;
};

/// Why a symlink may not lead somewhere.
struct TargetExclusion {
  ports::LeftOut::Rule rule = ports::LeftOut::Rule::kUsual;
  std::string name;  ///< the part of the target that is excluded by default
};

/// Nothing if a symlink may lead to `target` (relative): no part of it is excluded by default. A
/// part of the usual rule is told before any other. The generations of a ConfigMap volume
/// ("..data") may be led through: they are excluded only so that their files are not taken twice.
std::optional<TargetExclusion> target_exclusion(const SourceFilter& filter, std::string_view target,
                                                bool is_directory = false);

}  // namespace sessync::workspace
