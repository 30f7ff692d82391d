#include <algorithm>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string_view>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "manifest/parse/yaml/surrogate_pairs.h"
#include "manifest/parse/yaml/yaml_builder.h"
#include "manifest/parse/yaml/yaml_tree.h"
#include "manifest/text/utf8.h"

namespace sessync::manifest {
namespace {

Position position_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

/// `text` without the tags and anchors that it begins with.
std::string_view without_properties(std::string_view text) {
  while (text.starts_with('!') || text.starts_with('&')) {
    text.remove_prefix(std::min(text.find_first_of(" \t\r\n"), text.size()));
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  }
  return text;
}

/// Turns the parser's events into calls of a builder. The parser knows no duplicate keys, merges no
/// "<<", and lets an anchor hold itself; its events show all of that, its own tree does not.
class EventReader : public YAML::EventHandler {
 public:
  EventReader(YamlBuilder& builder, const SurrogatePairs& pairs)
      : builder_(builder), pairs_(pairs) {}

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
      builder_.scalar({YamlNode::Kind::kPlain, position_of(mark), as_written(tag), anchor},
                      meant_by(value, mark));
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    if (reads()) {
      builder_.open({YamlNode::Kind::kSequence, position_of(mark), as_written(tag), anchor});
    }
  }
  void OnSequenceEnd() override {
    if (reads()) builder_.close();
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    if (reads()) {
      builder_.open({YamlNode::Kind::kMap, position_of(mark), as_written(tag), anchor});
    }
  }
  void OnMapEnd() override {
    if (reads()) builder_.close();
  }

 private:
  [[nodiscard]] bool reads() const { return documents_ == 1; }

  [[nodiscard]] std::string as_written(const std::string& tag) const {
    return pairs_.decode(tag, false);
  }

  [[nodiscard]] std::string meant_by(const std::string& value, const YAML::Mark& mark) const {
    if (!pairs_.occur_in(value)) return value;
    const auto at = std::min(static_cast<std::size_t>(mark.pos), pairs_.text().size());
    const auto source = without_properties(std::string_view(pairs_.text()).substr(at));
    return pairs_.decode(value, source.starts_with('"'));
  }

  YamlBuilder& builder_;
  const SurrogatePairs& pairs_;
  int documents_ = 0;
  Position second_document_;
  Position last_scalar_;
};

/// The number of the character that the parser does not accept as an escape; nothing: it complains
/// of something else.
std::optional<std::uint32_t> refused_character(std::string_view message) {
  const std::string_view start = YAML::ErrorMsg::INVALID_UNICODE;
  if (!message.starts_with(start)) return std::nullopt;
  std::uint32_t number = 0;
  for (const char c : message.substr(start.size())) {
    if (c < '0' || c > '9') break;
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return number;
}

std::string problem_of_escape(std::uint32_t character) {
  const bool is_half = character >= 0xD800 && character <= 0xDFFF;
  return is_half ? "this escape is one half of a character: write both halves (as in "
                   "\\ud83d\\ude80), or the character itself"
                 : "this escape is no character: the last one is \\U0010ffff";
}

/// The parser's words are made harmless: they hold what stands in the file.
void report_fault(const YAML::Exception& fault, const SurrogatePairs& pairs, Report& report) {
  constexpr char kEndOfText = '\x04';  // as the parser has it
  std::string what = printable(pairs.decode(fault.msg, false));
  if (const auto character = refused_character(fault.msg)) what = problem_of_escape(*character);
  if (fault.msg.ends_with(kEndOfText)) what = "the file ends within an escape";
  report.error(position_of(fault.mark), "yaml_syntax",
               "is not valid YAML: " + what + "; nothing after this place was checked");
}

/// Reads on to the second document, so that there is a position to name. False if the text is no
/// YAML or the builder gave up.
bool read_events(const SurrogatePairs& pairs, EventReader& reader, Report& report) {
  std::istringstream input(pairs.text());
  try {
    YAML::Parser parser(input);
    while (reader.documents() < 2 && parser.HandleNextDocument(reader)) {
    }
    return true;
  } catch (const YAML::Exception& fault) {
    report_fault(fault, pairs, report);
    return false;
  } catch (const YamlBuilder::GivenUp&) {
    return false;  // the builder has reported why
  }
}

/// The text from `at` on, tags and anchors skipped.
std::string_view value_at(std::string_view text, Position at) {
  for (int line = 1; line < at.line; ++line) text.remove_prefix(text.find('\n') + 1);
  text.remove_prefix(std::min(text.size(), static_cast<std::size_t>(at.column - 1)));
  return without_properties(text);
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
  const SurrogatePairs pairs(without_byte_order_mark(text));
  EventReader reader(builder, pairs);
  if (!read_events(pairs, reader, report)) return nullptr;
  const auto last = reader.last_scalar();
  if (last != Position{} && is_cut_off(value_at(pairs.text(), last))) {
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

}  // namespace sessync::manifest
