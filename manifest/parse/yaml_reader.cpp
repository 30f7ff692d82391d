#include <algorithm>
#include <sstream>
#include <string_view>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "manifest/parse/yaml_builder.h"
#include "manifest/parse/yaml_tree.h"

namespace sessync {
namespace {

Position position_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

/// Turns the parser's events into calls of a builder. The parser knows no duplicate keys, merges no
/// "<<", and lets an anchor hold itself; its events show all of that, its own tree does not.
class EventReader : public YAML::EventHandler {
 public:
  explicit EventReader(YamlBuilder& builder) : builder_(builder) {}

  [[nodiscard]] int documents() const { return documents_; }
  [[nodiscard]] Position second_document() const { return second_document_; }
  [[nodiscard]] Position last_scalar() const { return last_scalar_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    ++documents_;
    if (documents_ == 2) second_document_ = position_of(mark);
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (reads()) builder_.scalar({YamlNode::Kind::kNull, position_of(mark), "", anchor}, "");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (reads()) builder_.alias(position_of(mark), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    last_scalar_ = position_of(mark);
    if (reads()) {
      builder_.scalar({YamlNode::Kind::kPlain, position_of(mark), tag, anchor}, value);
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    if (reads()) builder_.open({YamlNode::Kind::kSequence, position_of(mark), tag, anchor});
  }
  void OnSequenceEnd() override {
    if (reads()) builder_.close();
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    if (reads()) builder_.open({YamlNode::Kind::kMap, position_of(mark), tag, anchor});
  }
  void OnMapEnd() override {
    if (reads()) builder_.close();
  }

 private:
  [[nodiscard]] bool reads() const { return documents_ == 1; }

  YamlBuilder& builder_;
  int documents_ = 0;
  Position second_document_;
  Position last_scalar_;
};

/// Reads on to the second document, so that there is a position to name. False if the text is no
/// YAML or the builder gave up.
bool read_events(const std::string& text, EventReader& reader, Report& report) {
  std::istringstream input(text);
  try {
    YAML::Parser parser(input);
    while (reader.documents() < 2 && parser.HandleNextDocument(reader)) {
    }
    return true;
  } catch (const YAML::Exception& fault) {
    report.error(position_of(fault.mark), "yaml_syntax",
                 "is not valid YAML: " + fault.msg + "; nothing after this place was checked");
    return false;
  } catch (const YamlBuilder::GivenUp&) {
    return false;  // the builder has reported why
  }
}

/// The text from `at` on, tags and anchors skipped.
std::string_view value_at(std::string_view text, Position at) {
  for (int line = 1; line < at.line; ++line) text.remove_prefix(text.find('\n') + 1);
  text.remove_prefix(std::min(text.size(), static_cast<std::size_t>(at.column - 1)));
  while (text.starts_with('!') || text.starts_with('&')) {
    text.remove_prefix(std::min(text.find_first_of(" \t\r\n"), text.size()));
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  }
  return text;
}

/// The parser takes the end of the file for a closing quote, so a file that was cut off within one
/// would count as whole. Only the last scalar can be such a one.
bool is_cut_off(std::string_view value) {
  if (!value.starts_with('"') && !value.starts_with('\'')) return false;
  const char quote = value.front();
  for (std::size_t i = 1; i < value.size(); ++i) {
    if (quote == '"' && value[i] == '\\') {
      ++i;
    } else if (value[i] == quote) {
      const bool doubled = quote == '\'' && i + 1 < value.size() && value[i + 1] == quote;
      if (!doubled) return false;
      ++i;
    }
  }
  return true;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

}  // namespace

YamlPtr read_yaml(const std::string& text, Report& report) {
  YamlBuilder builder(report);
  EventReader reader(builder);
  if (!read_events(text, reader, report)) return nullptr;
  const auto last = reader.last_scalar();
  if (last != Position{} && is_cut_off(value_at(without_byte_order_mark(text), last))) {
    report.error(last, "yaml_syntax", "is not valid YAML: this quote is never closed");
    return nullptr;
  }
  if (reader.documents() > 1) {
    report.error(reader.second_document(), "multiple_documents",
                 "a second YAML document begins here: a manifest file is one document; put the "
                 "other into a file of its own");
  }
  return builder.root();
}

}  // namespace sessync
