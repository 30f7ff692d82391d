#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "manifest/parse/yaml/yaml_tree.h"

namespace sessync::manifest {

/// Builds the tree from what the parser sees, and refuses what a tree should not have.
class YamlBuilder {
 public:
  /// Thrown (and never let out of this folder) when reading on would only cost time and memory.
  struct GivenUp {};

  using Anchor = std::size_t;  ///< 0: none

  struct Head {
    YamlNode::Kind kind;
    Position at;
    std::string tag;
    Anchor anchor;
  };

  explicit YamlBuilder(Report& report) : report_(report) {}

  void scalar(const Head& head, const std::string& text);
  void alias(Position at, Anchor anchor);
  void open(const Head& head);
  void close();

  /// Nothing if no value was read.
  [[nodiscard]] YamlPtr root() const { return root_; }

 private:
  struct Level {
    std::shared_ptr<YamlNode> node;
    Anchor anchor = 0;
    std::optional<YamlEntry> entry;  ///< a key that waits for its value
    bool drop_value = false;         ///< the key was refused
    std::set<std::string> keys;
  };

  void place(const YamlPtr& node);
  void place_in_map(Level& level, const YamlPtr& node);
  bool accept_key(Level& level, const YamlNode& key);
  void check_depth(Position at, std::size_t height);
  void check_tag(const Head& head);

  Report& report_;
  std::vector<Level> levels_;
  std::map<Anchor, YamlPtr> anchors_;
  std::size_t expanded_ = 0;
  YamlPtr root_;
};

}  // namespace sessync::manifest
