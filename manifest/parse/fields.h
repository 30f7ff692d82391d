#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "manifest/parse/report.h"
#include "manifest/parse/yaml/yaml_tree.h"

namespace sessync::manifest {

/// One value, and what it is called in messages.
struct Field {
  std::string_view name;
  Position key_at;
  const YamlNode* value = nullptr;

  /// Where to point at: the value, or the key of an empty one.
  [[nodiscard]] Position at() const;
};

/// The keys that a mapping may have.
struct Keys {
  std::string_view owner;  ///< "a session", as in "unknown key in a session"
  std::span<const std::string_view> known;
  /// Keys that a user may expect here, and why they are not.
  std::span<const std::pair<std::string_view, std::string_view>> misplaced = {};
};

/// A mapping whose keys were checked.
class Fields {
 public:
  /// Nothing (and an error) if `field` is no mapping.
  static std::optional<Fields> open(const Field& field, const Keys& keys, Report& report);

  [[nodiscard]] Position at() const { return map_->at; }
  [[nodiscard]] std::optional<Field> find(std::string_view key) const;

  /// As `find`; an error if the key is not there.
  std::optional<Field> require(std::string_view key, Report& report) const;

 private:
  Fields(const YamlNode* map, std::string_view owner) : map_(map), owner_(owner) {}

  const YamlNode* map_;
  std::string_view owner_;
};

/// The items of a list, each under the list's name; nothing (and an error) if it is none.
std::optional<std::vector<Field>> read_list(const Field& field, Report& report);

/// Reports that `field` is not what was expected; says what stands there instead, but for the value
/// itself, which may be a secret.
void report_wrong_type(const Field& field, std::string_view expected, Report& report);

}  // namespace sessync::manifest
