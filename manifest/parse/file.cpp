#include <array>

#include "manifest/parse/parsed_file.h"
#include "manifest/parse/scalars.h"
#include "manifest/parse/session_draft.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

constexpr std::array<std::string_view, 4> kManifestKeys = {"version", "owner", "defaults",
                                                           "sessions"};
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
bool check_bytes(const ManifestText& file, Report& report) {
  if (!file.read_error.empty()) {
    report.error({}, "unreadable", "cannot be read: " + file.read_error);
    return false;
  }
  if (file.text.size() > kMaxManifestBytes) {
    report.error({}, "too_large",
                 "has " + std::to_string(file.text.size()) +
                     " bytes and was not read: a manifest "
                     "has at most " +
                     std::to_string(kMaxManifestBytes) +
                     "; put the sessions into several files of one directory");
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

void read_version(const Fields& fields, Report& report) {
  const auto field = fields.require("version", report);
  if (!field) return;
  const auto version = read_integer(*field, {0, 1'000'000}, report);
  if (!version || *version == kVersion) return;
  report.error(field->at(), "invalid_version",
               "\"version\" is " + std::to_string(*version) + ", but this sessync reads version " +
                   std::to_string(kVersion));
}

std::string read_owner(const Fields& fields, Location& at, Report& report) {
  const auto field = fields.require("owner", report);
  if (!field) return "";
  at = report.locate(field->at());
  const auto owner = read_text(*field, report);
  if (!owner) return "";
  if (is_owner_name(*owner)) return *owner;
  report.error(
      field->at(), "invalid_owner",
      "\"owner\": " + quoted(*owner) + " must be 1 to 20 lower-case letters, digits and \"-\"");
  return "";
}

/// Claims point at what was written; a default is placed at the session's name.
std::vector<Claim> place_claims(const SessionDraft& draft, const SessionSpec& spec,
                                const Report& report) {
  auto claims = claims_of(spec);
  const auto name_at = draft.name ? draft.name->at : draft.at;
  for (auto& claim : claims) {
    auto at = name_at;
    if (claim.kind == ClaimKind::kSessionId) at = draft.session_id->at;
    if (claim.kind == ClaimKind::kDestination && draft.outputs->destination_at != Position{}) {
      at = draft.outputs->destination_at;
    }
    claim.at = report.locate(at);
  }
  return claims;
}

void read_sessions(const Fields& fields, ParsedFile& parsed, Report& report) {
  SessionDraft defaults;
  if (const auto field = fields.find("defaults")) {
    defaults = read_defaults(*field, report).value_or(SessionDraft());
    check_collisions(defaults.resources, report);
  }
  const auto list = fields.require("sessions", report);
  if (!list) return;
  for (const auto& item : read_list(*list, report).value_or(std::vector<Field>())) {
    auto own = read_session(item, report);
    if (!own) continue;
    const auto draft = merge_defaults(std::move(*own), defaults);
    auto spec = finish_session(draft, report);
    parsed.claims.push_back(place_claims(draft, spec, report));
    parsed.file.sessions.push_back(std::move(spec));
  }
}

void take_claim(const Claim& claim, ClaimTable& table, Report& report) {
  if (const auto problem = table.conflict(claim)) {
    report.error({problem->at.line, problem->at.column}, problem->code, problem->message);
  }
  table.take(claim);
}

void check_claims(const ParsedFile& parsed, Report& report) {
  ClaimTable table;
  for (const auto& session : parsed.claims) {
    for (const auto& claim : session) take_claim(claim, table, report);
  }
}

void read_document(const ManifestText& text, ParsedFile& parsed, Report& report) {
  const auto root = read_yaml(text.text, report);
  if (!root) {
    if (report.sorted().empty()) {
      report.error({1, 1}, "empty", "is empty: a manifest begins with \"version: 1\"");
    }
    return;
  }
  if (root->kind == YamlNode::Kind::kNull) {
    report.error({1, 1}, "empty", "is empty: a manifest begins with \"version: 1\"");
    return;
  }
  const auto fields =
      Fields::open({"manifest", root->at, root.get()}, {"a manifest", kManifestKeys}, report);
  if (!fields) return;
  read_version(*fields, report);
  parsed.file.owner = read_owner(*fields, parsed.owner_at, report);
  read_sessions(*fields, parsed, report);
  check_claims(parsed, report);
}

}  // namespace

ParsedFile parse_file(const ManifestText& text) {
  Report report(text.path);
  ParsedFile parsed;
  parsed.file.path = text.path;
  if (check_bytes(text, report)) read_document(text, parsed, report);
  parsed.file.problems = report.sorted();
  if (parsed.file.valid()) return parsed;
  // Half a file is not in force.
  parsed.file.sessions.clear();
  parsed.claims.clear();
  return parsed;
}

}  // namespace sessync::manifest
