#include "manifest/parse/fields.h"

#include <algorithm>

#include "manifest/parse/edit_distance.h"
#include "manifest/parse/yaml/scalar_type.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

std::string describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a mapping";
    case YamlNode::Kind::kQuoted:
      return "text";
    case YamlNode::Kind::kPlain:
      break;
  }
  switch (scalar_type(node)) {
    case ScalarType::kText:
      return "text";
    case ScalarType::kBool:
      return "true or false";
    case ScalarType::kInteger:
    case ScalarType::kFloat:
      return "a number";
  }
  return "something else";
}

void check_key(const YamlEntry& entry, const Keys& keys, Report& report) {
  if (std::find(keys.known.begin(), keys.known.end(), entry.key) != keys.known.end()) return;
  for (const auto& [key, why] : keys.misplaced) {
    if (key != entry.key) continue;
    report.error(entry.at, "misplaced_key", quoted(key) + " " + std::string(why));
    return;
  }
  report.error(entry.at, "unknown_key",
               "unknown key " + quoted_key(entry.key) + " in " + std::string(keys.owner) +
                   did_you_mean(entry.key, keys.known));
}

}  // namespace

Position Field::at() const { return value->kind == YamlNode::Kind::kNull ? key_at : value->at; }

std::optional<Fields> Fields::open(const Field& field, const Keys& keys, Report& report) {
  if (field.value->kind != YamlNode::Kind::kMap) {
    report_wrong_type(field, "a mapping", report);
    return std::nullopt;
  }
  for (const auto& entry : field.value->entries) check_key(entry, keys, report);
  return Fields(field.value, keys.owner);
}

std::optional<Field> Fields::find(std::string_view key) const {
  for (const auto& entry : map_->entries) {
    if (entry.key == key) return Field{entry.key, entry.at, entry.value.get()};
  }
  return std::nullopt;
}

std::optional<Field> Fields::require(std::string_view key, Report& report) const {
  auto field = find(key);
  if (!field) {
    report.error(map_->at, "missing_key",
                 std::string(owner_) + " needs the key " + quoted(key) + ", which is not there");
  }
  return field;
}

std::optional<std::vector<Field>> read_list(const Field& field, Report& report) {
  if (field.value->kind != YamlNode::Kind::kSequence) {
    report_wrong_type(field, "a list", report);
    return std::nullopt;
  }
  std::vector<Field> items;
  items.reserve(field.value->items.size());
  for (const auto& item : field.value->items) {
    items.push_back({field.name, item->at, item.get()});
  }
  return items;
}

void report_wrong_type(const Field& field, std::string_view expected, Report& report) {
  report.error(field.at(), "wrong_type",
               quoted_key(field.name) + ": expected " + std::string(expected) + ", but got " +
                   describe(*field.value));
}

}  // namespace sessync::manifest
