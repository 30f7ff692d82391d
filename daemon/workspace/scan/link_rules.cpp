#include "daemon/workspace/scan/link_rules.h"

#include <algorithm>

#include "daemon/os/path_text.h"

namespace sessync::workspace {
namespace {

/// Calls `visit` with each directory on the way to `path`, and then with `path` itself, until it
/// returns true.
template <class Visit>
bool any_on_way(std::string_view path, const Visit& visit) {
  for (std::size_t end = 0; end < path.size(); ++end) {
    end = std::min(path.find('/', end), path.size());
    if (visit(path.substr(0, end), end < path.size())) return true;
  }
  return false;
}

/// Without the directories that are generations of a volume.
std::string without_generations(std::string_view path) {
  std::string seen;
  any_on_way(path, [&seen](std::string_view part, bool is_directory) {
    const std::string_view name = os::base_name(part);
    if (!is_directory || !name.starts_with("..")) seen = os::join_path(seen, name);
    return false;
  });
  return seen;
}

std::string beside(std::string_view link, std::string_view location) {
  const auto slash = link.rfind('/');
  return os::join_path(slash == link.npos ? "" : link.substr(0, slash), os::base_name(location));
}

}  // namespace

tl::expected<LinkRules::Refusal, std::string> LinkRules::refusal(std::string_view link,
                                                                 const std::string& location) {
  const bool inside = is_in_source(location);
  if (!inside && !scope_.anywhere) return ports::LeftOut::Rule::kLinkOutside;
  // Patterns belong to the source: what is not in it counts as if it stood where the link does.
  const std::string_view real =
      std::string_view(location).substr(inside && !source_.empty() ? source_.size() + 1 : 0);
  const std::string seen = inside ? without_generations(real) : beside(link, location);
  if (!selects(seen) || excludes(real)) return ports::LeftOut::Rule::kLinkExcluded;
  Verdict ignored = ignores(location);
  const std::string looked_through = without_generations(location);
  if (ignored && !*ignored && looked_through != location) ignored = ignores(looked_through);
  if (!ignored) return tl::unexpected(std::move(ignored.error()));
  if (budget_.is_over())
    return tl::unexpected(std::string("comparing it with patterns takes too long"));
  return *ignored ? Refusal(ports::LeftOut::Rule::kLinkExcluded) : Refusal();
}

bool LinkRules::is_in_source(std::string_view location) const {
  return source_.empty() || (location.starts_with(source_) && location.size() > source_.size() &&
                             location[source_.size()] == '/');
}

bool LinkRules::selects(std::string_view path) const {
  return !any_on_way(path, [this](std::string_view part, bool is_directory) {
    return !filter_.selects(part, is_directory);
  });
}

bool LinkRules::excludes(std::string_view path) const {
  return any_on_way(path, [this](std::string_view part, bool is_directory) {
    return filter_.excludes(part, is_directory);
  });
}

LinkRules::Verdict LinkRules::ignores(const std::string& location) {
  IgnoreStack stack(budget_);
  std::string directory;
  std::string problem;
  const bool ignored = any_on_way(location, [&](std::string_view part, bool is_directory) {
    const auto lists = lists_of(directory);
    if (!lists) problem = lists.error();
    if (!lists) return true;
    stack.push(directory, lists->own, lists->git);
    directory = part;
    return stack.ignores(part, is_directory);
  });
  if (!problem.empty()) return tl::unexpected(std::move(problem));
  return ignored;
}

tl::expected<LinkRules::Lists, std::string> LinkRules::lists_of(const std::string& directory) {
  if (const auto known = lists_.find(directory); known != lists_.end()) return known->second;
  auto own = ignore_files_.load(root_, directory, budget_);
  if (!own) return tl::unexpected(std::move(own.error()));
  Lists lists{std::move(*own), std::nullopt};
  if (scope_.gitignore) {
    auto git = ignore_files_.load(root_, directory, budget_, kGitIgnoreFileName);
    if (!git) return tl::unexpected(std::move(git.error()));
    lists.git = std::move(*git);
  }
  return lists_.emplace(directory, std::move(lists)).first->second;
}

}  // namespace sessync::workspace
