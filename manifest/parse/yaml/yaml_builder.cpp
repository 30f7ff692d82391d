#include "manifest/parse/yaml/yaml_builder.h"

#include <algorithm>
#include <array>

#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

/// The deepest legal manifest has nine levels.
constexpr std::size_t kMaxDepth = 32;
/// Nodes that aliases may add; a few lines of aliases of aliases would otherwise be billions.
constexpr std::size_t kMaxExpandedNodes = 100'000;

constexpr std::string_view kStringTag = "tag:yaml.org,2002:str";
/// Tags that say nothing which the value itself does not.
constexpr std::array<std::string_view, 6> kHarmlessTags = {"",
                                                           "?",
                                                           "tag:yaml.org,2002:int",
                                                           "tag:yaml.org,2002:bool",
                                                           "tag:yaml.org,2002:seq",
                                                           "tag:yaml.org,2002:map"};

}  // namespace

void YamlBuilder::scalar(const Head& head, const std::string& text) {
  const auto node = std::make_shared<YamlNode>();
  node->kind = head.kind;
  if (head.tag == "!" || head.tag == kStringTag) {
    node->kind = YamlNode::Kind::kQuoted;
  } else {
    check_tag(head);
  }
  node->at = head.at;
  node->text = text;
  if (head.anchor != 0) anchors_[head.anchor] = node;
  place(node);
}

void YamlBuilder::open(const Head& head) {
  check_depth(head.at, 1);
  if (head.tag != "!") check_tag(head);
  Level level;
  level.node = std::make_shared<YamlNode>();
  level.node->kind = head.kind;
  level.node->at = head.at;
  level.anchor = head.anchor;
  levels_.push_back(std::move(level));
}

void YamlBuilder::close() {
  const auto level = std::move(levels_.back());
  levels_.pop_back();
  // Only now can an alias name it: one further in would make it hold itself.
  if (level.anchor != 0) anchors_[level.anchor] = level.node;
  place(level.node);
}

void YamlBuilder::alias(Position at, Anchor anchor) {
  const auto target = anchors_.find(anchor);
  if (target == anchors_.end()) {
    report_.error(at, "cyclic_anchor",
                  "this alias names a value that it is itself a part of, which would never end");
    auto nothing = std::make_shared<YamlNode>();
    nothing->at = at;
    return place(nothing);
  }
  check_depth(at, target->second->height);
  expanded_ += target->second->weight;
  if (expanded_ > kMaxExpandedNodes) {
    report_.error(at, "alias_expansion",
                  "the aliases up to here stand for more than " +
                      std::to_string(kMaxExpandedNodes) + " values; nothing was checked");
    throw GivenUp{};
  }
  place(target->second);
}

void YamlBuilder::check_depth(Position at, std::size_t height) {
  if (levels_.size() + height <= kMaxDepth) return;
  report_.error(
      at, "too_deep",
      "is nested more than " + std::to_string(kMaxDepth) + " levels deep; nothing was checked");
  throw GivenUp{};
}

void YamlBuilder::check_tag(const Head& head) {
  if (std::find(kHarmlessTags.begin(), kHarmlessTags.end(), head.tag) != kHarmlessTags.end()) {
    return;
  }
  report_.error(head.at, "unsupported_tag",
                "the YAML tag " + quoted(head.tag) + " means nothing here: leave it off");
}

void YamlBuilder::place(const YamlPtr& node) {
  if (levels_.empty()) {
    root_ = node;
    return;
  }
  auto& level = levels_.back();
  level.node->weight += node->weight;
  level.node->height = std::max(level.node->height, node->height + 1);
  if (level.node->kind == YamlNode::Kind::kMap) return place_in_map(level, node);
  level.node->items.push_back(node);
}

void YamlBuilder::place_in_map(Level& level, const YamlPtr& node) {
  if (level.drop_value) {
    level.drop_value = false;
  } else if (level.entry) {
    level.entry->value = node;
    level.node->entries.push_back(std::move(*level.entry));
    level.entry.reset();
  } else if (accept_key(level, *node)) {
    level.entry = YamlEntry{node->text, node->at, nullptr};
  } else {
    level.drop_value = true;
  }
}

bool YamlBuilder::accept_key(Level& level, const YamlNode& key) {
  if (!key.is_scalar()) {
    report_.error(key.at, "invalid_key", "a key must be a word");
    return false;
  }
  if (key.kind == YamlNode::Kind::kPlain && key.text == "<<") {
    report_.error(key.at, "merge_key",
                  "YAML merge keys are not supported: write the keys out, or use \"defaults\"");
    return false;
  }
  if (level.keys.insert(key.text).second) return true;
  const auto& entries = level.node->entries;
  const auto first = std::find_if(entries.begin(), entries.end(),
                                  [&key](const YamlEntry& entry) { return entry.key == key.text; });
  report_.error(key.at, "duplicate_key",
                "the key " + quoted_key(key.text) + " stands here twice, first in line " +
                    std::to_string(first == entries.end() ? 0 : first->at.line));
  return false;
}

}  // namespace sessync::manifest
