// Any patterns against any paths: nothing crashes or takes long, and pruning a walk by
// may_select_below() loses no path that is selected.

#include "manifest/pattern/pattern.h"
#include "manifest/text/text.h"
#include "tests/fuzz/fuzz_input.h"

namespace sessync::fuzz {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text.append(line).append("\n");
  return text;
}

bool is_path(const std::string& path) {
  return !path.empty() && !path.starts_with('/') && !path.ends_with('/') &&
         path.find("//") == std::string::npos && path.find('\0') == std::string::npos;
}

void check_pruning(const manifest::Patterns& patterns, const std::string& path) {
  if (!patterns.selects(path, false) && !patterns.selects(path, true)) return;
  require(patterns.may_select_below(""), "the root is walked");
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    require(patterns.may_select_below(path.substr(0, slash)),
            "no directory is pruned that holds a selected path");
  }
}

/// A directory that is selected and nothing below excluded: so is what is in it.
void check_inheritance(const manifest::Patterns& patterns, const std::string& path) {
  const bool above = patterns.selects(path, true);
  const std::string below = path + "/x";
  if (patterns.verdict(below, false) != manifest::Patterns::Verdict::kNone) return;
  require(patterns.selects(below, false) == above, "a path without a verdict has its parent's");
}

void check_paths(const manifest::Patterns& patterns, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    static_cast<void>(patterns.verdict(path, false));
    static_cast<void>(patterns.names_literally(path));
    static_cast<void>(patterns.may_select_below(path));
    if (!is_path(path)) continue;
    check_pruning(patterns, path);
    check_inheritance(patterns, path);
  }
}

/// A list in a manifest and the same lines in an ignore file say the same.
void check_same(const manifest::Patterns& listed, const manifest::Patterns& written,
                const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    for (const bool directory : {false, true}) {
      require(listed.verdict(path, directory) == written.verdict(path, directory),
              "a list and a file of the same patterns agree");
    }
  }
}

bool reads_alike_in_a_file(const std::vector<std::string>& lines) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  return std::ranges::none_of(lines,
                              [](const std::string& line) {
                                return line.ends_with('\r') || line.find('\0') != std::string::npos;
                              }) &&
         (lines.empty() || !lines.front().starts_with(kByteOrderMark));
}

void check(const std::vector<std::string>& lines, const std::vector<std::string>& paths) {
  const manifest::Patterns written = manifest::Patterns::parse_file(joined(lines));
  check_paths(written, paths);
  const auto listed = manifest::Patterns::parse(lines);
  if (!listed) {
    require(!manifest::has_control_character(listed.error()), "no message writes to a terminal");
    require(manifest::first_invalid_utf8(joined(lines)) ||
                !manifest::first_invalid_utf8(listed.error()),
            "a message is UTF-8");
    return;
  }
  check_paths(*listed, paths);
  if (reads_alike_in_a_file(lines)) check_same(*listed, written, paths);
}

}  // namespace
}  // namespace sessync::fuzz

// Lines of patterns, an empty line, lines of paths.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sessync::fuzz::Input input(data, size);
  const auto lines = input.paragraph();
  sessync::fuzz::check(lines, input.paragraph());
  return 0;
}
