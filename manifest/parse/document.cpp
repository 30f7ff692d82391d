#include "manifest/parse/document.h"

#include <optional>
#include <string>

#include "manifest/parse/scalars.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

constexpr std::int64_t kVersion = 1;

Position position_of_byte(std::string_view text, std::size_t offset) {
  Position at{1, 1};
  for (const char c : text.substr(0, offset)) {
    ++at.column;
    if (c == '\n') at = {at.line + 1, 1};
  }
  return at;
}

/// Characters that YAML does not allow; its parser would read on.
std::optional<std::size_t> first_unprintable(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_space = byte == '\t' || byte == '\n' || byte == '\r';
    if ((byte < 0x20U && !is_space) || byte == 0x7FU) return i;
  }
  return std::nullopt;
}

/// True if the bytes can be given to the YAML parser.
bool check_bytes(const ManifestText& file, const DocumentKind& kind, Report& report) {
  if (!file.read_error.empty()) {
    report.error({}, "unreadable", "cannot be read: " + file.read_error);
    return false;
  }
  if (file.text.size() > kMaxManifestBytes) {
    report.error({}, "too_large",
                 "has " + std::to_string(file.text.size()) +
                     " bytes and was not read: " + std::string(kind.name) + " has at most " +
                     std::to_string(kMaxManifestBytes) + std::string(kind.when_too_large));
    return false;
  }
  if (const auto bad = first_invalid_utf8(file.text)) {
    report.error(position_of_byte(file.text, *bad), "invalid_utf8",
                 "is not valid UTF-8 from here on: save the file as UTF-8");
    return false;
  }
  if (const auto bad = first_unprintable(file.text)) {
    report.error(position_of_byte(file.text, *bad), "control_character",
                 "has a control character here, which YAML does not allow: write an escape in "
                 "double quotes");
    return false;
  }
  return true;
}

}  // namespace

YamlPtr open_document(const ManifestText& file, const DocumentKind& kind, Report& report) {
  if (!check_bytes(file, kind, report)) return nullptr;
  auto root = read_yaml(file.text, report);
  if (!root && !report.sorted().empty()) return nullptr;
  if (!root || root->kind == YamlNode::Kind::kNull) {
    report.error({1, 1}, "empty",
                 "is empty: " + std::string(kind.name) + " begins with \"version: 1\"");
    return nullptr;
  }
  return root;
}

void check_version(const Fields& fields, Report& report) {
  const auto field = fields.require("version", report);
  if (!field) return;
  const auto version = read_integer(*field, {0, 1'000'000}, report);
  if (!version || *version == kVersion) return;
  report.error(field->at(), "invalid_version",
               "\"version\" is " + std::to_string(*version) + ", but this sessync reads version " +
                   std::to_string(kVersion));
}

}  // namespace sessync::manifest
