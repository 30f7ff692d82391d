#include "manifest/parse/resources.h"

#include <array>

#include "manifest/mount_path.h"
#include "manifest/parse/scalars.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

constexpr std::array<std::string_view, 3> kTypes = {"file", "github_repository", "memory_store"};
constexpr std::array<std::string_view, 4> kMemoryStoreKeys = {"type", "memory_store_id", "access",
                                                              "instructions"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 1> kMemoryStoreMisplaced = {{
    {"mount_path", "cannot be chosen for a memory store: the API mounts it by its name"},
}};
constexpr std::array<std::string_view, 2> kAccess = {"read_write", "read_only"};
constexpr std::size_t kMaxInstructions = 4096;

/// The type has to be known before the keys can be checked.
std::optional<Field> find_type(const Field& item, Report& report) {
  if (item.value->kind != YamlNode::Kind::kMap) {
    report_wrong_type(item, "a mapping", report);
    return std::nullopt;
  }
  for (const auto& entry : item.value->entries) {
    if (entry.key == "type") return Field{entry.key, entry.at, entry.value.get()};
  }
  report.error(item.at(), "missing_key",
               "a resource needs the key \"type\": file, github_repository or memory_store");
  return std::nullopt;
}

std::optional<ResourceDraft> read_resource(const Field& item, Report& report) {
  const auto type = find_type(item, report);
  if (!type) return std::nullopt;
  const auto chosen = read_choice(*type, kTypes, report);
  if (!chosen) return std::nullopt;
  if (*chosen == 0) return read_file_resource(item, report);
  if (*chosen == 1) return read_repository(item, report);
  return read_memory_store(item, report);
}

}  // namespace

std::vector<ResourceDraft> read_resources(const Field& list, Report& report) {
  std::vector<ResourceDraft> resources;
  for (const auto& item : read_list(list, report).value_or(std::vector<Field>())) {
    if (auto resource = read_resource(item, report)) resources.push_back(std::move(*resource));
  }
  return resources;
}

std::optional<ResourceDraft> read_memory_store(const Field& item, Report& report) {
  const auto fields = Fields::open(
      item, {"a memory_store resource", kMemoryStoreKeys, kMemoryStoreMisplaced}, report);
  if (!fields) return std::nullopt;
  MemoryStoreResource store{"", std::string(kAccess[0]), std::nullopt};
  if (const auto id = fields->require("memory_store_id", report)) {
    store.memory_store_id = read_id(*id, "memstore", report).value_or("");
  }
  if (const auto access = fields->find("access")) {
    store.access = kAccess.at(read_choice(*access, kAccess, report).value_or(0));
  }
  if (const auto text = fields->find("instructions")) {
    store.instructions = read_limited_text(*text, kMaxInstructions, report);
  }
  return ResourceDraft{{report.locate(fields->at()), std::move(store)}, fields->at()};
}

std::optional<std::string> accept_mount_path(const MountText& mount, bool may_be_root,
                                             Report& report) {
  const auto why = mount_path_problem(mount.text, may_be_root);
  if (!why) return clean_mount_text(mount.text);
  const std::string origin = mount.is_default ? "the default, " : "";
  report.error(mount.at, "invalid_mount_path",
               "\"mount_path\": " + origin + quoted(mount.text) + " " + *why +
                   (mount.is_default ? "; write a \"mount_path\"" : ""));
  return std::nullopt;
}

std::optional<SecretsPolicy> read_secrets_policy(const Fields& fields, Report& report) {
  constexpr std::array<std::string_view, 3> kPolicies = {"block", "warn", "allow"};
  const auto field = fields.find("secrets");
  const auto policy = field ? read_choice(*field, kPolicies, report) : std::nullopt;
  return policy ? std::optional(static_cast<SecretsPolicy>(*policy)) : std::nullopt;
}

std::optional<MountText> read_mount_text(const Fields& fields, std::string fallback,
                                         Report& report) {
  const auto field = fields.find("mount_path");
  if (!field) return MountText{std::move(fallback), fields.at(), true};
  auto text = read_text(*field, report);
  if (!text) return std::nullopt;
  return MountText{std::move(*text), field->at()};
}

}  // namespace sessync::manifest
