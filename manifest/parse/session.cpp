#include <array>

#include "manifest/parse/pattern_list.h"
#include "manifest/parse/relative_path.h"
#include "manifest/parse/scalars.h"
#include "manifest/parse/session_draft.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""h;

constexpr std::array<std::string_view, 14> kSessionKeys = {
    "name",        "session_id", "create",        "prune",    "on_conflict", "suspend", "interval",
    "max_deletes", "max_files",  "max_file_size", "recreate", "resources",   "outputs", "secrets"};
constexpr auto kDefaultsKeys = std::span(kSessionKeys).subspan<2>();
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kDefaultsMisplaced = {{
    {"name", "belongs to one session and cannot be a default"},
    {"session_id", "belongs to one session and cannot be a default"},
}};
constexpr std::array<std::string_view, 5> kOutputsKeys = {"destination", "include", "max_file",
                                                          "max_total", "max_files"};
constexpr std::array<std::string_view, 3> kPrune = {"owned", "all", "none"};
constexpr std::array<std::string_view, 3> kOnConflict = {"block", "adopt", "replace"};
constexpr DurationRange kInterval = {10s, 24h};
constexpr IntegerRange kMaxFiles = {1, 1'000'000'000};
constexpr std::size_t kMaxSessionName = 63;

/// Names become a part of paths and URLs.
bool is_session_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxSessionName && consists_of_alnum_or(name, "._-") &&
         name.find_first_not_of('.') != name.npos;
}

void read_identity(const Fields& fields, SessionDraft& draft, Report& report) {
  if (const auto field = fields.find("name")) {
    auto name = read_line(*field, report).value_or("");
    if (!name.empty() && !is_session_name(name)) {
      report.error(field->at(), "invalid_name",
                   "\"name\": " + quoted(name) +
                       " must be 1 to 63 letters, digits, \".\", \"_\" and \"-\", and not only "
                       "dots");
    }
    draft.name = {std::move(name), field->at()};
  }
  if (const auto field = fields.find("session_id")) {
    draft.session_id = {read_id(*field, "sesn", report).value_or(""), field->at()};
  }
}

void read_policy(const Fields& fields, SessionDraft& draft, Report& report) {
  if (const auto field = fields.find("prune")) {
    draft.prune = static_cast<Prune>(read_choice(*field, kPrune, report).value_or(0));
  }
  if (const auto field = fields.find("on_conflict")) {
    draft.on_conflict =
        static_cast<OnConflict>(read_choice(*field, kOnConflict, report).value_or(0));
  }
  draft.secrets = read_secrets_policy(fields, report);
  if (const auto field = fields.find("suspend")) draft.suspend = read_bool(*field, report);
  if (const auto field = fields.find("recreate")) {
    draft.recreate = {read_bool(*field, report).value_or(false), field->key_at};
  }
}

std::optional<std::uint64_t> read_count(const Field& field, Report& report) {
  const auto count = read_integer(field, kMaxFiles, report);
  return count ? std::optional(static_cast<std::uint64_t>(*count)) : std::nullopt;
}

void read_limits(const Fields& fields, SessionDraft& draft, Report& report) {
  if (const auto field = fields.find("interval")) {
    draft.interval = read_duration(*field, kInterval, report);
  }
  if (const auto field = fields.find("max_deletes")) {
    draft.max_deletes = read_max_deletes(*field, report);
  }
  if (const auto field = fields.find("max_files")) draft.max_files = read_count(*field, report);
  if (const auto field = fields.find("max_file_size")) {
    draft.max_file_size = read_size(*field, report);
  }
}

SessionDraft read_keys(const Fields& fields, Report& report) {
  SessionDraft draft;
  draft.at = fields.at();
  read_policy(fields, draft, report);
  read_limits(fields, draft, report);
  if (const auto field = fields.find("create")) draft.create = read_create(*field, report);
  if (const auto field = fields.find("resources")) draft.resources = read_resources(*field, report);
  if (const auto field = fields.find("outputs")) draft.outputs = read_outputs(*field, report);
  return draft;
}

std::string read_destination(const Field& field, Report& report) {
  const auto text = read_text(field, report);
  if (!text) return "";
  const auto path = clean_relative_path(*text);
  if (path && !path->text.empty()) return path->text;
  const auto why = path ? "is the outputs directory itself" : path.error().why;
  report.error(field.at(), "invalid_destination",
               "\"destination\": " + quoted(*text) + " " + why +
                   ": a destination is relative to the outputs directory and lies below it");
  return "";
}

}  // namespace

OutputsDraft read_outputs(const Field& field, Report& report) {
  OutputsDraft outputs;
  const auto fields = Fields::open(field, {"outputs", kOutputsKeys}, report);
  if (!fields) return outputs;
  if (const auto destination = fields->find("destination")) {
    outputs.destination = read_destination(*destination, report);
    outputs.destination_at = destination->at();
  }
  outputs.include = read_include(*fields, report);
  if (const auto size = fields->find("max_file")) outputs.max_file = read_size(*size, report);
  if (const auto size = fields->find("max_total")) outputs.max_total = read_size(*size, report);
  if (const auto count = fields->find("max_files")) outputs.max_files = read_count(*count, report);
  return outputs;
}

std::optional<SessionDraft> read_session(const Field& field, Report& report) {
  const auto fields = Fields::open(field, {"a session", kSessionKeys}, report);
  if (!fields) return std::nullopt;
  auto draft = read_keys(*fields, report);
  read_identity(*fields, draft, report);
  return draft;
}

std::optional<SessionDraft> read_defaults(const Field& field, Report& report) {
  const auto fields = Fields::open(field, {"defaults", kDefaultsKeys, kDefaultsMisplaced}, report);
  if (!fields) return std::nullopt;
  return read_keys(*fields, report);
}

}  // namespace sessync::manifest
