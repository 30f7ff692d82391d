#include "manifest/parse/path_table.h"

#include "manifest/text/text.h"

namespace sessync::manifest {

std::optional<PathTable::Owner> PathTable::overlap(const std::string& path) const {
  if (const auto* owner = find_at_or_above(path)) return *owner;
  if (const auto* owner = find_below(path)) return *owner;
  return std::nullopt;
}

const PathTable::Owner* PathTable::find_at_or_above(const std::string& path) const {
  for (std::size_t end = path.size(); end != std::string::npos && end > 0;
       end = path.rfind('/', end - 1)) {
    const auto found = owners_.find(path.substr(0, end));
    if (found != owners_.end()) return &found->second;
  }
  return nullptr;
}

const PathTable::Owner* PathTable::find_below(const std::string& path) const {
  const auto start = path + "/";
  const auto found = owners_.lower_bound(start);
  if (found == owners_.end() || !found->first.starts_with(start)) return nullptr;
  return &found->second;
}

std::string describe_place(const Location& there, const std::string& here) {
  if (there.file == here) return "line " + std::to_string(there.line);
  return shown_file(there.file) + ":" + std::to_string(there.line);
}

}  // namespace sessync::manifest
