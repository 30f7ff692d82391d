#pragma once

#include <memory>
#include <string>
#include <vector>

#include "manifest/parse/report.h"

namespace sessync::manifest {

struct YamlNode;
using YamlPtr = std::shared_ptr<const YamlNode>;

struct YamlEntry {
  std::string key;
  Position at;
  YamlPtr value;  ///< never null
};

/// A YAML value with its position: free of cycles, duplicate keys, merge keys and tags. What an
/// alias names is shared, so a tree is larger to walk than it is to hold; both are bounded.
struct YamlNode {
  enum class Kind { kNull, kPlain, kQuoted, kSequence, kMap };

  Kind kind = Kind::kNull;
  Position at;
  std::string text;                ///< of a scalar
  std::vector<YamlPtr> items;      ///< of a sequence
  std::vector<YamlEntry> entries;  ///< of a map, in the order of the file
  std::size_t weight = 1;          ///< nodes of the tree below, aliases expanded
  std::size_t height = 1;

  [[nodiscard]] bool is_scalar() const { return kind == Kind::kPlain || kind == Kind::kQuoted; }
};

/// The only document in `text`, or nothing if there is none that can be worked with. Everything
/// that is wrong with it as YAML goes to `report`.
YamlPtr read_yaml(const std::string& text, Report& report);

}  // namespace sessync::manifest
