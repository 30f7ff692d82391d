// Names and times that others chose: markers in file names, names of outputs, mount paths,
// instants.

#include <set>

#include "manifest/mount_path.h"
#include "manifest/text/text.h"
#include "manifest/text/utf8.h"
#include "reconciler/observe/marker.h"
#include "reconciler/observe/server_time.h"
#include "reconciler/outputs/output_name.h"
#include "tests/fuzz/fuzz_input.h"

namespace sessync::fuzz {
namespace {

const std::string kDigest(64, 'a');
constexpr std::string_view kRefused = "<>:\"|?*\\/";

bool is_plain(std::string_view name) {
  return !manifest::has_control_character(name) && !manifest::first_invalid_utf8(name) &&
         name.find_first_of(kRefused) == std::string_view::npos;
}

void check_marker(std::string_view text) {
  const std::string name = observe::encode_marker("owner-1", kDigest, text);
  require(name.size() <= 255 && is_plain(name), "an upload's name is one that the API takes");
  const auto ours = observe::decode_marker(name);
  require(ours && ours->owner == "owner-1" && observe::marker_matches(*ours, kDigest),
          "an encoded marker is read back");
  require(observe::encode_marker("owner-1", kDigest, ours->basename) == name, "a marker is stable");
  const auto any = observe::decode_marker(text);
  if (!any) return;
  const auto claim = any->seal.empty() ? any->digest_prefix : "k" + any->seal;
  require(!any->owner.empty() && any->owner.size() <= 20 && claim.size() == 32,
          "a decoded marker is whole");
  require("sessync." + any->owner + "." + claim + "." + any->basename == text,
          "a decoded marker says all of its name");
}

void check_component(const std::string& name) {
  require(!name.empty() && name.size() <= 255 && is_plain(name),
          "an output's name is one component");
  require(name != "." && name != ".." && !name.starts_with('.') && !name.starts_with('-'),
          "an output's name is no way up, not hidden and no option");
  require(!name.ends_with(' ') && !name.ends_with('.'), "an output's name ends in what all keep");
}

void check_outputs(Input input) {
  std::vector<ports::FileMetadata> outputs;
  std::set<std::string> ids;
  for (const std::string& line : input.paragraph()) {
    ports::FileMetadata file;
    const auto bar = std::min(line.find('|'), line.size());
    file.file_id = line.substr(0, bar);
    file.filename = line.substr(std::min(bar + 1, line.size()));
    file.created_at = "2026-11-20T10:00:0" + std::to_string(line.size() % 10) + "Z";
    if (!file.file_id.empty() && ids.insert(file.file_id).second) outputs.push_back(file);
    check_component(outputs::clean_output_name(file.filename, file.file_id));
    const std::string clean = outputs::clean_output_name(file.filename, file.file_id);
    require(outputs::clean_output_name(clean, "") == clean, "a clean name is clean");
  }
  const auto names = outputs::output_names(outputs);
  require(names.size() == outputs.size(), "each output has a name");
  std::set<std::string> taken;
  for (const auto& [id, name] : names) {
    require(taken.insert(name).second, "no two outputs have one name");
    check_component(name);
  }
}

void check_mounts(std::string_view left, std::string_view right) {
  const manifest::MountPath one = manifest::MountPath::of_file(left);
  const manifest::MountPath other = manifest::MountPath::of_file(right);
  require(left.empty() || one.text().starts_with('/'), "a canonical path is absolute");
  require(one == manifest::MountPath::of_file(manifest::clean_mount_text(left)),
          "cleaning changes no mount");
  require(one.text().find("//") == std::string::npos ||
              one.text().find("//") + 2 == one.text().size() || !left.starts_with('/'),
          "a canonical path has no doubled slash");
  require(!(one.is_above(other) && other.is_above(one)), "no two paths are above each other");
  require(!one.is_above(one), "no path is above itself");
  const std::string joined = manifest::join_mount_text(left, right);
  const bool directory = !manifest::mount_path_problem(left, true);
  const bool relative = !right.empty() && !right.starts_with('/');
  if (!directory || !relative || manifest::mount_path_problem(joined, false)) return;
  const manifest::MountPath below = manifest::MountPath::of_file(joined);
  require(manifest::MountPath::of_file("/mnt/session/uploads" + joined).text() ==
              manifest::clean_mount_text(joined),
          "the API's own spelling is stripped once");
  require(below.text().starts_with('/'), "what is mounted below is absolute");
}

void check_time(std::string_view text) {
  const auto time = observe::parse_server_time(text);
  if (!time) return;
  require(text.size() >= std::string_view("2026-11-29T10:00:00").size(), "a time is written out");
  const auto later = observe::parse_server_time(std::string(text.substr(0, 17)) + "60Z");
  require(!later || *later > *time - std::chrono::hours(25), "times are ordered");
  const auto days = std::chrono::floor<std::chrono::days>(*time);
  const std::chrono::year_month_day date{days};
  require(
      date.ok() && date.year() >= std::chrono::year(-1) && date.year() <= std::chrono::year(10000),
      "a time is within the years that can be written");
}

void check_printable(std::string_view text) {
  const std::string shown = manifest::printable(text);
  require(!manifest::has_control_character(shown) && !manifest::first_invalid_utf8(shown),
          "a shown name is harmless");
}

}  // namespace
}  // namespace sessync::fuzz

// A letter chooses what is named; the name follows.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sessync::fuzz;
  Input input(data, size);
  switch (input.choice(5)) {
    case 0:
      check_marker(input.rest());
      break;
    case 1:
      check_outputs(input);
      break;
    case 2: {
      const auto left = input.line();
      check_mounts(left, input.rest());
      break;
    }
    case 3:
      check_time(input.rest());
      break;
    default:
      check_printable(input.rest());
  }
  return 0;
}
