// Any bytes as an answer of the API. What is decoded is whole (no row without what it is known by),
// reads back from its own encoding, and no message that comes of it writes to a terminal or shows a
// credential.

#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/api/calls/calls.h"
#include "daemon/api/calls/listing.h"
#include "daemon/api/send/api_options.h"
#include "daemon/api/wire/error.h"
#include "daemon/api/wire/wire.h"
#include "daemon/http/client/url.h"
#include "daemon/os/live_secrets.h"
#include "manifest/load.h"
#include "manifest/mount_path.h"
#include "manifest/text/text.h"
#include "reconciler/import/import.h"
#include "reconciler/observe/observed.h"
#include "tests/fuzz/fuzz_input.h"

namespace sessync::fuzz {
namespace {

using Json = nlohmann::json;

const ports::Secret kKey("sk-fuzz-0123456789");

void check_message(const std::string& message) {
  require(!manifest::has_control_character(message), "no message writes to a terminal");
  require(message.find(kKey.reveal()) == std::string::npos, "no message shows a credential");
  require(message.size() < 4096, "a message is short");
}

http::HttpAnswer answer_of(std::string_view body, int status) {
  os::live_secrets().add(kKey, os::LiveSecrets::Life::kProcess);
  http::HttpAnswer answer;
  answer.status = status;
  answer.body = std::string(body);
  return answer;
}

constexpr api::CallContext kRead{"list_resources", api::CallEffect::kRead, "api.example.test"};

void check_refusal(std::string_view body, std::string_view reason) {
  require(!reason.empty(), "an answer that cannot be used says why");
  const ports::ApiError error = unusable_answer(answer_of(body, 200), kRead, reason);
  require(error.kind == ports::ApiError::Kind::kUnusableAnswer,
          "a read that is not one had no answer");
  check_message(error.message);
}

Json encoded(const ports::FileRow& row) {
  return {{"type", "file"},
          {"id", row.resource_id},
          {"file_id", row.file_id},
          {"mount_path", row.mount_path},
          {"created_at", row.created_at}};
}

Json encoded(const ports::RepositoryRow& row) {
  Json json = {{"type", "github_repository"},
               {"id", row.resource_id},
               {"url", row.url},
               {"mount_path", row.mount_path}};
  if (row.is_checkout_said) json["checkout"] = nullptr;
  if (row.branch) json["checkout"] = {{"type", "branch"}, {"name", *row.branch}};
  if (row.commit) json["checkout"] = {{"type", "commit"}, {"sha", *row.commit}};
  return json;
}

Json encoded(const ports::MemoryStoreRow& row) {
  Json json = {{"type", "memory_store"},
               {"memory_store_id", row.memory_store_id},
               {"access", row.access},
               {"mount_path", row.mount_path}};
  if (row.instructions) json["instructions"] = *row.instructions;
  return json;
}

Json encoded(const ports::OpaqueRow& row) {
  return {{"type", row.type}, {"id", row.resource_id}, {"mount_path", row.mount_path}};
}

Json encoded(const ports::ResourceRow& row) {
  return std::visit([](const auto& one) { return encoded(one); }, row);
}

Json encoded(const ports::FileMetadata& file) {
  Json json = {{"id", file.file_id},
               {"filename", file.filename},
               {"size_bytes", file.size_bytes},
               {"created_at", file.created_at}};
  if (file.downloadable) json["downloadable"] = *file.downloadable;
  if (file.expires_at) json["expires_at"] = *file.expires_at;
  return json;
}

Json encoded(const ports::SessionInfo& session) {
  Json json = {{"id", session.session_id},
               {"status", session.status},
               {"metadata", session.metadata},
               {"created_at", session.created_at}};
  if (session.archived_at) json["archived_at"] = *session.archived_at;
  if (session.title) json["title"] = *session.title;
  return json;
}

Json encoded(const ports::SessionFault& fault) {
  return {{"type", "session.error"},
          {"id", fault.event_id},
          {"processed_at", fault.processed_at},
          {"error", {{"type", fault.error_type}, {"repository_url", fault.repository_url}}}};
}

Json encoded(const ports::CreatedSession& created) {
  Json json = encoded(created.info);
  json["resources"] = Json::array();
  for (const ports::ResourceRow& row : created.rows) json["resources"].push_back(encoded(row));
  return json;
}

template <class Row>
Json encoded(const api::Page<Row>& page) {
  Json json = {{"data", Json::array()}, {"next_page", page.next}};
  for (const Row& row : page.rows) json["data"].push_back(encoded(row));
  return json;
}

void check_row(const ports::ResourceRow& row) {
  if (const auto* const file = std::get_if<ports::FileRow>(&row)) {
    require(!file->resource_id.empty() && !file->file_id.empty(), "a file row has its ids");
    const manifest::MountPath path = manifest::MountPath::of_file(file->mount_path);
    require(path.text().starts_with('/'), "a decoded mount path is canonical");
    require(path == manifest::MountPath::of_file(manifest::clean_mount_text(file->mount_path)),
            "a decoded mount path has one canonical form");
  }
  if (const auto* const repository = std::get_if<ports::RepositoryRow>(&row)) {
    require(!repository->resource_id.empty(), "a repository row has its id");
    require(!(repository->branch && repository->commit), "a checkout is one of two");
  }
}

/// Decodes; what was decoded must come out of its own encoding again.
template <class T>
std::optional<T> decode(std::string_view body, api::Parsed<T> (*parse)(std::string_view)) {
  auto value = parse(body);
  if (!value) {
    check_refusal(body, value.error());
    return std::nullopt;
  }
  const Json once = encoded(*value);
  const auto again = parse(once.dump());
  require(again.has_value(), "what was decoded can be decoded from its encoding");
  require(encoded(*again) == once, "what was decoded reads back as itself");
  return std::move(*value);
}

/// Whatever a session holds, `import` makes a valid manifest of it, or says what is in the way.
void check_import(ports::CreatedSession session) {
  const auto imported = importer::import_sessions({{session.info, session.rows, {}}});
  const auto file = manifest::load_manifest_file({"m.yaml", imported.text, ""});
  require(file.valid() == imported.problems.empty(), "an imported manifest is valid or says why");
  for (const char c : imported.text) {
    require(c == '\n' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f'),
            "an imported manifest writes to no terminal");
  }
}

void check_error_body(std::string_view body, int status) {
  http::HttpOutcome outcome;
  outcome.answer = answer_of(body, status);
  for (const api::CallEffect effect : {api::CallEffect::kRead, api::CallEffect::kWrite}) {
    const api::CallContext context{"add_resource", effect, "api.example.test"};
    const ports::ApiError error = to_error(outcome, context, ports::TimePoint{});
    check_message(error.message);
    check_message(error.code);
    check_message(error.request_id);
    require(error.http_status == status, "an error has its status");
    const bool doubt = error.kind == ports::ApiError::Kind::kUnknownOutcome;
    require(effect == api::CallEffect::kRead ||
                doubt == (status >= 500 || status < 400 || status == 408),
            "only a refusal says that a write had no effect");
  }
}

/// Header lines, an empty line, a body.
void check_headers(Input input) {
  http::HttpOutcome outcome;
  outcome.answer = answer_of("", 400);
  for (const std::string& line : input.paragraph()) {
    const auto colon = std::min(line.find(':'), line.size());
    outcome.answer.headers.emplace(line.substr(0, colon),
                                   line.substr(std::min(colon + 1, line.size())));
  }
  outcome.answer.body = std::string(input.rest());
  for (const int status : {302, 429, 503}) {
    outcome.answer.status = status;
    const ports::ApiError error = to_error(outcome, kRead, ports::TimePoint{});
    check_message(error.message);
    check_message(error.request_id);
    check_message(error.organization_id);
    const auto wait = error.retry_after;
    require(!wait || (*wait > ports::Duration::zero() && *wait <= std::chrono::hours(24 * 25)),
            "Retry-After is a time to wait");
  }
}

/// Bodies that we send: UTF-8 or an error, and what was given is in them.
void check_bodies(Input input) {
  const std::string first(input.line());
  const std::string second(input.line());
  const bool sendable =
      !manifest::first_invalid_utf8(first) && !manifest::first_invalid_utf8(second);
  const auto body = api::add_file_body({"sesn_1", first, second});
  require(body.has_value() == sendable, "a body is UTF-8");
  if (body) {
    const Json json = Json::parse(body->reveal());
    require(json["file_id"] == first && json["mount_path"] == second, "a body says what was asked");
  }
  const bool visible = std::ranges::all_of(first, [](char c) { return c > ' ' && c <= '~'; });
  if (!visible || first.size() < os::LiveSecrets::kShortest) return;
  os::LiveSecrets secrets;
  secrets.add(ports::Secret(first), os::LiveSecrets::Life::kUse);
  const std::string quoted = Json(first).dump();
  for (const auto& spelling :
       {first, http::percent_encode(first), quoted.substr(1, quoted.size() - 2)}) {
    require(secrets.redacted("\n" + spelling + "\n") == "\n[redacted]\n",
            "a spelling is found again");
  }
}

void check_decoders(unsigned which, std::string_view body) {
  switch (which) {
    case 0:
      if (const auto page = decode(body, &api::parse_resource_page)) {
        for (const ports::ResourceRow& row : page->rows) check_row(row);
      }
      break;
    case 1:
      if (const auto row = decode(body, &api::parse_resource)) check_row(*row);
      break;
    case 2:
      if (const auto row = decode(body, &api::parse_added_file)) check_row(*row);
      break;
    case 3:
      decode(body, &api::parse_file_page);
      break;
    case 4:
      decode(body, &api::parse_file);
      break;
    case 5:
      decode(body, &api::parse_session);
      break;
    case 6:
      decode(body, &api::parse_session_page);
      break;
    case 7:
      if (auto created = decode(body, &api::parse_created_session))
        check_import(std::move(*created));
      break;
    default:
      decode(body, &api::parse_fault_page);
  }
}

}  // namespace
}  // namespace sessync::fuzz

// A letter chooses the decoder; the answer follows.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sessync::fuzz;
  constexpr unsigned kDecoders = 9;
  Input input(data, size);
  const unsigned which = input.choice(kDecoders + 3);
  if (which < kDecoders) {
    check_decoders(which, input.rest());
  } else if (which == kDecoders) {
    check_error_body(input.rest(), 400 + static_cast<int>(size % 200));
  } else if (which == kDecoders + 1) {
    check_headers(input);
  } else {
    check_bodies(input);
  }
  return 0;
}
