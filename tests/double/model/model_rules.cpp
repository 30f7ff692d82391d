#include "tests/double/model/model_rules.h"

#include <charconv>
#include <vector>

namespace sessync::model {

namespace {

constexpr std::string_view kUploads = "/mnt/session/uploads/";
constexpr std::string_view kAlias = "/uploads/";

/// The components of `raw` without "" and "."; nothing if one of them is "..".
std::optional<std::vector<std::string>> components(std::string_view raw) {
  std::vector<std::string> parts;
  while (!raw.empty()) {
    const auto end = std::min(raw.find('/'), raw.size());
    const std::string part(raw.substr(0, end));
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (part == "..") {
      return std::nullopt;
    }
    if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  return parts;
}

std::string extension_for(const std::string& mime_type) {
  static const std::map<std::string, std::string> known = {
      {"text/plain", ".txt"},      {"text/csv", ".csv"},  {"application/json", ".json"},
      {"application/pdf", ".pdf"}, {"image/png", ".png"}, {"image/jpeg", ".jpg"},
      {"application/gzip", ".gz"}, {"text/html", ".html"}};
  const auto found = known.find(mime_type);
  return found == known.end() ? ".bin" : found->second;
}

bool is_forbidden(char character) {
  const auto code = static_cast<unsigned char>(character);
  return code < 0x20 || std::string_view("<>:\"|?*\\/").find(character) != std::string_view::npos;
}

}  // namespace

Error invalid(std::string message) {
  return Error{400, "invalid_request_error", std::move(message), "", std::nullopt};
}

Error not_found(std::string message) {
  return Error{404, "not_found_error", std::move(message), "", std::nullopt};
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

Error file_not_found(const std::string& id) {
  return Error{404, "not_found_error", "File `" + id + "` not found.", "", false};
}

Answer<std::string> resolve_mount(std::string_view raw) {
  if (raw.size() > 4096) {
    return tl::unexpected(invalid("mount_path: must be at most 4096 characters"));
  }
  const auto parts = components(raw);
  if (!parts || parts->empty() || raw.ends_with('/')) {
    return tl::unexpected(invalid("mount_path: \"" + std::string(raw) + "\" is not a valid path"));
  }
  std::string clean;
  for (const auto& part : *parts) {
    clean += "/" + part;
  }
  if (clean.starts_with(kUploads)) {
    return clean;
  }
  const std::string_view below = clean.starts_with(kAlias)
                                     ? std::string_view(clean).substr(kAlias.size())
                                     : std::string_view(clean).substr(1);
  return std::string(kUploads) + std::string(below);
}

bool paths_overlap(std::string_view path, std::string_view other) {
  if (path.size() > other.size()) {
    std::swap(path, other);
  }
  return other.starts_with(path) && (other.size() == path.size() || other[path.size()] == '/');
}

Answer<std::string> upload_name(std::string_view raw, const std::string& mime_type) {
  std::string name(raw.substr(raw.find_last_of('/') + 1));
  if (name.empty()) {
    name = "unnamed" + extension_for(mime_type);
  }
  if (characters(name) > 255 || std::any_of(name.begin(), name.end(), is_forbidden)) {
    auto error =
        invalid("Invalid filename: must be 1 to 255 characters and contain none of <>:\"|?*\\/");
    error.should_retry = false;
    return tl::unexpected(std::move(error));
  }
  return name;
}

std::optional<std::string> repository_of(std::string_view url) {
  constexpr std::string_view kHost = "https://github.com/";
  if (!url.starts_with(kHost) ||
      url.find_first_of("?#@: ", kHost.size()) != std::string_view::npos) {
    return std::nullopt;
  }
  url.remove_prefix(kHost.size());
  const auto slash = url.find('/');
  const bool two_parts = slash != std::string_view::npos && slash > 0 && slash + 1 < url.size() &&
                         url.find('/', slash + 1) == std::string_view::npos;
  if (!two_parts || url.ends_with(".git")) {
    return std::nullopt;
  }
  return std::string(url);
}

std::string slug(std::string_view name) {
  std::string text;
  for (const char raw : name) {
    const bool upper = raw >= 'A' && raw <= 'Z';
    const char lower = upper ? static_cast<char>(raw - 'A' + 'a') : raw;
    const bool kept =
        (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || lower == '_';
    if (kept) {
      text += lower;
    } else if (!text.empty() && text.back() != '-') {
      text += '-';
    }
  }
  return text;
}

std::string make_cursor(std::uint64_t serial, bool ascending) {
  return std::string("page_") + (ascending ? "a" : "d") + std::to_string(serial * 7919 + 104729);
}

Answer<std::uint64_t> read_cursor(const std::string& cursor, bool ascending) {
  const std::string prefix = std::string("page_") + (ascending ? "a" : "d");
  std::uint64_t number = 0;
  if (cursor.starts_with(prefix)) {
    std::from_chars(cursor.data() + prefix.size(), cursor.data() + cursor.size(), number);
  }
  if (number < 104729 || (number - 104729) % 7919 != 0) {
    return tl::unexpected(invalid("page: \"" + cursor + "\" is not a valid cursor"));
  }
  return (number - 104729) / 7919;
}

}  // namespace sessync::model
