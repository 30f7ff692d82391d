#include "reconciler/outputs/output_name.h"

#include <algorithm>
#include <array>
#include <set>

#include "manifest/text/utf8.h"
#include "reconciler/observe/name_text.h"
#include "reconciler/observe/server_time.h"

namespace sessync::outputs {
namespace {

constexpr std::size_t kMaxIdBytes = 128;
constexpr std::string_view kUnsafe = "<>:\"|?*\\/";

bool is_safe_ascii(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20U && byte < 0x7FU && kUnsafe.find(c) == std::string_view::npos;
}

/// Characters that print nothing, or change the order in which others print: C1 controls, zero
/// width characters, line separators, bidirectional marks and overrides, the byte order mark.
bool is_treacherous(std::string_view character) {
  if (character.size() == 2) {
    return character < std::string_view("\xC2\xA0") || character == "\xD8\x9C";
  }
  const auto within = [&](std::string_view first, std::string_view last) {
    return character >= first && character <= last;
  };
  return character.size() == 3 &&
         (within("\xE2\x80\x8B", "\xE2\x80\x8F") || within("\xE2\x80\xA8", "\xE2\x80\xAE") ||
          within("\xE2\x81\xA0", "\xE2\x81\xAF") || character == "\xEF\xBB\xBF");
}

/// `text` as UTF-8 of characters that are safe in a name; every other one becomes "_".
std::string safe_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto length = manifest::utf8_length(text, 0);
    const bool safe = length == 1  ? is_safe_ascii(text.front())
                      : length > 1 ? !is_treacherous(text.substr(0, length))
                                   : false;
    if (safe) {
      out.append(text.substr(0, length));
    } else {
      out.push_back('_');
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Names that other systems take for devices, with any extension.
bool names_a_device(std::string_view name) {
  std::string stem(name.substr(0, name.find('.')));
  std::ranges::transform(stem, stem.begin(), lower);
  static constexpr std::array<std::string_view, 4> kDevices{"con", "prn", "aux", "nul"};
  const bool numbered = stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) &&
                        stem[3] >= '0' && stem[3] <= '9';
  return numbered || std::ranges::find(kDevices, stem) != kDevices.end();
}

/// No name is hidden, an option of a command, or ends in what other systems drop.
void make_ends_safe(std::string& name) {
  if (name.front() == '.' || name.front() == '-' || name.front() == ' ') {
    name.front() = '_';
  }
  for (auto at = name.rbegin(); at != name.rend() && (*at == '.' || *at == ' '); ++at) {
    *at = '_';
  }
}

std::vector<const ports::FileMetadata*> newest_first(
    const std::vector<ports::FileMetadata>& outputs) {
  std::vector<const ports::FileMetadata*> sorted;
  sorted.reserve(outputs.size());
  for (const auto& output : outputs) {
    sorted.push_back(&output);
  }
  std::ranges::sort(sorted, [](const ports::FileMetadata* left, const ports::FileMetadata* right) {
    const auto left_time = observe::parse_server_time(left->created_at);
    const auto right_time = observe::parse_server_time(right->created_at);
    return left_time != right_time ? left_time > right_time : left->file_id > right->file_id;
  });
  return sorted;
}

}  // namespace

std::string clean_output_name(std::string_view filename, std::string_view file_id) {
  auto name = observe::shortened_name(safe_characters(filename.empty() ? file_id : filename),
                                      observe::kMaxNameBytes - 1);
  if (name.empty()) {
    return "unnamed";
  }
  make_ends_safe(name);
  if (names_a_device(name)) {
    name = observe::shortened_name("_" + name, observe::kMaxNameBytes - 1);
    make_ends_safe(name);
  }
  return name;
}

std::string older_output_name(std::string_view name, std::string_view file_id) {
  auto tail = "~" + observe::shortened_name(clean_output_name(file_id, file_id), kMaxIdBytes);
  make_ends_safe(tail);
  return observe::shortened_name(name, observe::kMaxNameBytes - tail.size()).append(tail);
}

std::map<std::string, std::string> output_names(const std::vector<ports::FileMetadata>& outputs) {
  std::map<std::string, std::string> names;
  std::set<std::string> taken;
  for (const auto* output : newest_first(outputs)) {
    const auto own = clean_output_name(output->filename, output->file_id);
    auto name = own;
    // An agent may have called another output by that very name.
    std::string id = output->file_id;
    for (int i = 2; !taken.insert(name).second; ++i) {
      name = older_output_name(own, id);
      id = std::to_string(i) + "~" + output->file_id;
    }
    names.emplace(output->file_id, name);
  }
  return names;
}

}  // namespace sessync::outputs
