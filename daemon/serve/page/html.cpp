#include "daemon/serve/page/html.h"

#include "daemon/os/foreign_text.h"
#include "manifest/text/utf8.h"

namespace sessync::page {
namespace {

std::string_view reference(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : manifest::printable(os::without_long_secrets(text))) {
    const auto escaped = reference(c);
    if (escaped.empty()) {
      out += c;
    } else {
      out += escaped;
    }
  }
  return out;
}

Html& Html::open(const char* tag, Attributes attributes) {
  out_.append("<").append(tag);
  for (const auto& attribute : attributes) {
    out_.append(" ").append(attribute.name).append("=\"");
    out_.append(escape_html(attribute.value)).append("\"");
  }
  out_ += '>';
  return *this;
}

Html& Html::close(const char* tag) {
  out_.append("</").append(tag).append(">");
  return *this;
}

Html& Html::text(std::string_view text) {
  out_ += escape_html(text);
  return *this;
}

Html& Html::element(const char* tag, Attributes attributes, std::string_view content) {
  return open(tag, attributes).text(content).close(tag);
}

}  // namespace sessync::page
