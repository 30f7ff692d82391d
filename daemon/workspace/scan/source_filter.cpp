#include "daemon/workspace/scan/source_filter.h"

#include <algorithm>
#include <array>

#include "daemon/os/path_text.h"
#include "daemon/workspace/scan/ignore_files.h"

namespace sessync::workspace {
namespace {

constexpr std::string_view kLostAndFound = "lost+found";
constexpr std::array<std::string_view, 8> kExactly = {
    ".git", ".hg", ".svn", "4913", ".DS_Store", kIgnoreFileName, ".env", kLostAndFound};
constexpr std::array<std::string_view, 4> kBeginning = {"..", ".env.", "id_rsa", "id_ed25519"};
constexpr std::array<std::string_view, 2> kEnding = {"~", ".pem"};

bool is_swap_file(std::string_view name) { return name.starts_with('.') && name.ends_with(".swp"); }

bool is_generation(std::string_view name) { return name.starts_with(".."); }

}  // namespace

bool is_default_exclusion(std::string_view name) {
  // Nearly every name is told apart by its first and last character.
  constexpr std::string_view kFirst = ".4il";
  constexpr std::string_view kLast = "~m";
  if (name.empty() || (kFirst.find(name.front()) == std::string_view::npos &&
                       kLast.find(name.back()) == std::string_view::npos)) {
    return false;
  }
  return std::ranges::find(kExactly, name) != kExactly.end() ||
         std::ranges::any_of(kBeginning, [&](auto part) { return name.starts_with(part); }) ||
         std::ranges::any_of(kEnding, [&](auto part) { return name.ends_with(part); }) ||
         is_swap_file(name);
}

bool is_lately_excluded(std::string_view name) { return name == kLostAndFound; }

bool SourceFilter::excludes_by_default(std::string_view name) const {
  return is_default_exclusion(name) && !asks_for(name);
}

bool SourceFilter::enters(std::string_view directory) const {
  return !excludes_by_default(os::base_name(directory)) &&
         (include_.empty() || include_.may_select_below(directory)) &&
         exclude_.verdict(directory, true) != manifest::Patterns::Verdict::kMatched;
}

bool SourceFilter::takes(std::string_view file) const {
  return !excludes_by_default(os::base_name(file)) &&
         (include_.empty() || include_.selects(file, false)) &&
         exclude_.verdict(file, false) != manifest::Patterns::Verdict::kMatched;
}

bool is_excluded_target(const SourceFilter& filter, std::string_view target) {
  while (!target.empty()) {
    const std::size_t end = std::min(target.find('/'), target.size());
    const std::string_view part = target.substr(0, end);
    const bool is_last = end == target.size();
    if (filter.excludes_by_default(part) && (is_last || !is_generation(part))) return true;
    target.remove_prefix(is_last ? end : end + 1);
  }
  return false;
}

}  // namespace sessync::workspace
