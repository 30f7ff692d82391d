#include "daemon/workspace/scan/source_filter.h"

#include <algorithm>

#include "daemon/os/path_text.h"
#include "daemon/workspace/scan/default_exclusions.h"

namespace sessync::workspace {
namespace {

bool is_generation(std::string_view path) { return os::base_name(path).starts_with(".."); }

}  // namespace

bool SourceFilter::asks_for(std::string_view base_name) const {
  return include_.names_literally(base_name, budget_) ||
         std::ranges::find(allow_, base_name) != allow_.end();
}

std::optional<ports::LeftOut::Rule> SourceFilter::exclusion(std::string_view path,
                                                            bool is_directory) const {
  const auto rule = default_exclusion(path, is_directory, above_);
  return rule && !asks_for(os::base_name(path)) ? rule : std::nullopt;
}

bool SourceFilter::selects(std::string_view path, bool is_directory) const {
  const bool included = include_.empty() || (is_directory ? include_.may_select_below(path, budget_)
                                                          : include_.selects(path, false, budget_));
  return included && !excludes(path, is_directory);
}

bool SourceFilter::excludes(std::string_view path, bool is_directory) const {
  return exclude_.verdict(path, is_directory, budget_) == manifest::Patterns::Verdict::kMatched;
}

std::optional<TargetExclusion> target_exclusion(const SourceFilter& filter, std::string_view target,
                                                bool is_directory) {
  std::optional<TargetExclusion> found;
  for (std::size_t end = 0; end < target.size(); ++end) {
    end = std::min(target.find('/', end), target.size());
    const std::string_view path = target.substr(0, end);
    const bool is_last = end == target.size();
    if (!is_last && is_generation(path)) continue;
    const auto rule = filter.exclusion(path, !is_last || is_directory);
    if (!rule) continue;
    found = {.rule = *rule, .name = std::string(os::base_name(path))};
    if (*rule == ports::LeftOut::Rule::kUsual) break;
  }
  return found;
}

}  // namespace sessync::workspace
