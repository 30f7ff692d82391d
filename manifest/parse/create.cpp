#include <array>
#include <limits>
#include <set>

#include "manifest/parse/scalars.h"
#include "manifest/parse/session_draft.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

constexpr std::array<std::string_view, 5> kCreateKeys = {"agent", "environment_id", "title",
                                                         "metadata", "vault_ids"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 1> kMisplaced = {{
    {"resources", "belongs to the session, one level further out"},
}};
constexpr std::array<std::string_view, 3> kAgentKeys = {"type", "id", "version"};
constexpr std::array<std::string_view, 1> kAgentTypes = {"agent"};
/// The API takes sixteen pairs; one is ours.
constexpr std::size_t kMaxMetadata = 15;
constexpr std::size_t kMaxMetadataKey = 64;
constexpr std::size_t kMaxMetadataValue = 512;
constexpr std::string_view kOurMetadataKey = "sessync_key";

AgentRef read_agent(const Field& field, Report& report) {
  if (field.value->kind != YamlNode::Kind::kMap) {
    return {read_id(field, "agent", report).value_or(""), std::nullopt};
  }
  AgentRef agent;
  const auto fields = Fields::open(field, {"agent", kAgentKeys}, report);
  if (!fields) return agent;
  if (const auto type = fields->require("type", report)) read_choice(*type, kAgentTypes, report);
  if (const auto id = fields->require("id", report)) {
    agent.id = read_id(*id, "agent", report).value_or("");
  }
  if (const auto version = fields->find("version")) {
    agent.version = read_integer(*version, {1, std::numeric_limits<std::int64_t>::max()}, report);
  }
  return agent;
}

void check_metadata_key(const Field& field, Report& report) {
  if (field.name == kOurMetadataKey) {
    report.error(field.key_at, "reserved_key",
                 "the metadata key " + quoted_key(field.name) + " is ours: choose another");
  } else if (field.name.empty() || count_characters(field.name) > kMaxMetadataKey) {
    report.error(field.key_at, "too_long",
                 "the metadata key " + quoted_key(field.name) + " must have 1 to " +
                     std::to_string(kMaxMetadataKey) + " characters");
  }
}

std::map<std::string, std::string> read_metadata(const Field& field, Report& report) {
  std::map<std::string, std::string> metadata;
  if (field.value->kind != YamlNode::Kind::kMap) {
    report_wrong_type(field, "a mapping of text to text", report);
    return metadata;
  }
  for (const auto& entry : field.value->entries) {
    const Field pair{entry.key, entry.at, entry.value.get()};
    check_metadata_key(pair, report);
    metadata[entry.key] = read_limited_text(pair, kMaxMetadataValue, report).value_or("");
  }
  if (metadata.size() > kMaxMetadata) {
    report.error(field.key_at, "too_many",
                 "\"metadata\" has " + std::to_string(metadata.size()) + " pairs, but only " +
                     std::to_string(kMaxMetadata) + " fit: the API takes 16 and one is ours");
  }
  return metadata;
}

std::vector<std::string> read_vault_ids(const Field& field, Report& report) {
  std::vector<std::string> ids;
  std::set<std::string> seen;
  for (const auto& item : read_list(field, report).value_or(std::vector<Field>())) {
    auto id = read_id(item, "vlt", report);
    if (!id) continue;
    if (!seen.insert(*id).second) {
      report.error(item.at(), "duplicate_id", "the vault " + quoted(*id) + " is listed twice");
    }
    ids.push_back(std::move(*id));
  }
  return ids;
}

}  // namespace

CreateDraft read_create(const Field& field, Report& report) {
  CreateDraft create;
  create.at = field.at();
  const auto fields = Fields::open(field, {"create", kCreateKeys, kMisplaced}, report);
  if (!fields) {
    // Only its form is wrong: do not complain about what it would have held.
    create.agent.emplace();
    create.environment_id.emplace();
    return create;
  }
  if (const auto agent = fields->find("agent")) create.agent = read_agent(*agent, report);
  if (const auto id = fields->find("environment_id")) {
    create.environment_id = read_id(*id, "env", report).value_or("");
  }
  if (const auto title = fields->find("title")) create.title = read_text(*title, report);
  if (const auto pairs = fields->find("metadata")) create.metadata = read_metadata(*pairs, report);
  if (const auto ids = fields->find("vault_ids")) create.vault_ids = read_vault_ids(*ids, report);
  return create;
}

}  // namespace sessync::manifest
