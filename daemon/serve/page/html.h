#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

/// The one place where text becomes HTML.
namespace sessync::page {

/// `text` for the content of an element or a quoted attribute: what could end either is a character
/// reference; control characters, those that turn the direction of text and bytes that are not
/// UTF-8 are written as \xNN.
std::string escape_html(std::string_view text);

/// Writes HTML on one line. Names of tags and attributes are literals of ours; everything else is
/// escaped, so no text can open or close an element. It checks no nesting: what is opened is closed
/// by the caller. Names of attributes begin with no "on", values of `href` with "#": there is
/// nothing that could run. One thread at a time.
class Html {
 public:
  struct Attribute {
    const char* name;
    std::string value;
  };
  using Attributes = std::initializer_list<Attribute>;

  /// The start of an element, also of one that has no end.
  Html& open(const char* tag, Attributes attributes = {});
  Html& close(const char* tag);
  Html& text(std::string_view text);
  /// open, text, close
  Html& element(const char* tag, Attributes attributes, std::string_view text);
  /// What was written so far.
  [[nodiscard]] const std::string& str() const { return out_; }

 private:
  std::string out_;
};

}  // namespace sessync::page
