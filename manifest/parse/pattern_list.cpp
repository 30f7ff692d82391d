#include "manifest/parse/pattern_list.h"

#include <algorithm>

#include "manifest/parse/scalars.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

std::vector<std::string> read_lines(const Field& list, Report& report) {
  std::vector<std::string> lines;
  for (const auto& item : read_list(list, report).value_or(std::vector<Field>())) {
    const auto line = read_text(item, report);
    if (!line) continue;
    if (const auto parsed = Patterns::parse({*line}); !parsed) {
      report.error(item.at(), "invalid_pattern", quoted(list.name) + ": " + parsed.error());
    } else {
      lines.push_back(*line);
    }
  }
  return lines;
}

}  // namespace

Patterns read_patterns(const Fields& fields, std::string_view key, Report& report) {
  const auto list = fields.find(key);
  if (!list) return {};
  return Patterns::parse(read_lines(*list, report)).value_or(Patterns());
}

Patterns read_include(const Fields& fields, Report& report) {
  const auto list = fields.find("include");
  if (!list) return {};
  const auto lines = read_lines(*list, report);
  const bool complete = !lines.empty() && lines.size() == list->value->items.size();
  const bool only_negated =
      complete && std::all_of(lines.begin(), lines.end(),
                              [](const std::string& line) { return line.starts_with('!'); });
  if (only_negated) {
    report.warning(list->at(), "include_selects_nothing",
                   "\"include\": every pattern begins with \"!\", so nothing is selected; use "
                   "\"exclude\" to leave files out");
  }
  return Patterns::parse(lines).value_or(Patterns());
}

}  // namespace sessync::manifest
