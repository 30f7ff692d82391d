#include <array>

#include "manifest/parse/contest.h"
#include "manifest/parse/document.h"
#include "manifest/parse/parsed_file.h"
#include "manifest/parse/scalars.h"
#include "manifest/parse/session_draft.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

constexpr std::array<std::string_view, 4> kManifestKeys = {"version", "owner", "defaults",
                                                           "sessions"};
constexpr DocumentKind kManifestKind = {"a manifest",
                                        "; put the sessions into several files of one directory"};

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

void read_document(const YamlNode& root, ParsedFile& parsed, Report& report) {
  const auto fields =
      Fields::open({"manifest", root.at, &root}, {"a manifest", kManifestKeys}, report);
  if (!fields) return;
  check_version(*fields, report);
  parsed.file.owner = read_owner(*fields, parsed.owner_at, report);
  read_sessions(*fields, parsed, report);
  check_claims(parsed, report);
}

std::vector<NamedSecret> secrets_of(const ManifestFile& file) {
  std::vector<NamedSecret> secrets;
  for (const auto& session : file.sessions) {
    for (const auto& resource : session.resources) {
      const auto* const repository = std::get_if<RepositoryResource>(&resource.what);
      if (repository == nullptr || !repository->authorization_token) continue;
      const auto* const name = secret_file_of(*repository->authorization_token);
      if (name != nullptr) secrets.push_back({*name, file_name_of(file.path)});
    }
  }
  return secrets;
}

}  // namespace

ParsedFile parse_file(const ManifestText& text) {
  Report report(text.path);
  ParsedFile parsed;
  parsed.file.path = text.path;
  parsed.is_unread = !text.read_error.empty();
  const auto root = open_document(text, kManifestKind, report);
  if (root) read_document(*root, parsed, report);
  parsed.file.problems = report.sorted();
  parsed.secrets = secrets_of(parsed.file);
  if (parsed.file.valid()) return parsed;
  // Half a file is not in force.
  parsed.file.sessions.clear();
  parsed.claims.clear();
  return parsed;
}

}  // namespace sessync::manifest
