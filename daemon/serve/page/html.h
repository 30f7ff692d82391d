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

/// Writes HTML. Names of tags and attributes are literals of ours; everything else is escaped.
class Html {
 public:
  struct Attribute {
    const char* name;
    std::string value;
  };
  using Attributes = std::initializer_list<Attribute>;

  Html& open(const char* tag, Attributes attributes = {});
  Html& close(const char* tag);
  Html& text(std::string_view text);
  /// open, text, close
  Html& element(const char* tag, Attributes attributes, std::string_view text);
  [[nodiscard]] const std::string& str() const { return out_; }

 private:
  std::string out_;
};

}  // namespace sessync::page
