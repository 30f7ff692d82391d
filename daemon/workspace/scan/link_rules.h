#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "daemon/os/beneath.h"
#include "daemon/workspace/scan/ignore_files.h"
#include "daemon/workspace/scan/source_filter.h"
#include "reconciler/ports/snapshot.h"

namespace sessync::workspace {

/// To which files the links of one directory source may lead: to those of the source that a walk of
/// it would take by its include and exclude patterns and the ignore files on their way; with
/// `anywhere` also to others in the workspace. Default exclusions and secrets are not part of it.
///
/// The generations of a ConfigMap volume ("..2026_1") are looked through: what is in one counts as
/// if it stood beside it. But where they are excluded, links into them are, too.
class LinkRules {
 public:
  struct Scope {
    bool anywhere = false;
    bool gitignore = false;
  };
  /// `source` is below the root and free of symlinks, as are locations. All that is referred to
  /// outlives this.
  LinkRules(const os::Beneath& root, const SourceFilter& filter, IgnoreFiles& ignore_files,
            manifest::MatchBudget& budget, std::string source, Scope scope)
      : root_(root),
        filter_(filter),
        ignore_files_(ignore_files),
        budget_(budget),
        source_(std::move(source)),
        scope_(scope) {}

  using Refusal = std::optional<ports::LeftOut::Rule>;
  /// Why the link at `link` (below the source) may not lead to the file at `location` (below the
  /// root). The error, worded for the user: an ignore file on its way cannot be read.
  tl::expected<Refusal, std::string> refusal(std::string_view link, const std::string& location);

 private:
  struct Lists {
    IgnoreText own;
    std::optional<IgnoreText> git;
  };
  using Verdict = tl::expected<bool, std::string>;

  [[nodiscard]] bool is_in_source(std::string_view location) const;
  [[nodiscard]] bool selects(std::string_view path) const;
  [[nodiscard]] bool excludes(std::string_view path) const;
  Verdict ignores(const std::string& location);
  tl::expected<Lists, std::string> lists_of(const std::string& directory);

  const os::Beneath& root_;
  const SourceFilter& filter_;
  IgnoreFiles& ignore_files_;
  manifest::MatchBudget& budget_;
  std::string source_;
  Scope scope_;
  std::map<std::string, Lists> lists_;  ///< by directory: most links lead to few
};

}  // namespace sessync::workspace
