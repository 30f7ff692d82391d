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

/// Why a text cannot be the name of a file.
std::string name_problem(std::string_view name) {
  if (name.find('/') != name.npos) {
    return "is a path, and only names can stand here: write its last part, without \"/\"";
  }
  return name == "." || name == ".." ? "is no name that a file can have" : "";
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

std::vector<std::string> read_names(const Fields& fields, std::string_view key, Report& report) {
  const auto list = fields.find(key);
  if (!list) return {};
  std::vector<std::string> names;
  for (const auto& item : read_list(*list, report).value_or(std::vector<Field>())) {
    const auto name = read_line(item, report);
    if (!name) continue;
    if (const auto why = name_problem(*name); !why.empty()) {
      report.error(item.at(), "invalid_name", quoted(key) + ": " + quoted(*name) + " " + why);
      continue;
    }
    if (name->find_first_of("*?[") != name->npos) {
      report.warning(item.at(), "name_is_no_pattern",
                     quoted(key) + ": " + quoted(*name) +
                         " is taken as it is, not as a pattern: write each name");
    }
    names.push_back(*name);
  }
  return names;
}

}  // namespace sessync::manifest
