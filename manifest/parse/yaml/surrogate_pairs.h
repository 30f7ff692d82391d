#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sessync::manifest {

/// JSON writes a character beyond U+FFFF as two escapes, \ud83d\ude80, which the YAML parser
/// refuses. Here is a text in which as many bytes that mean nothing to YAML stand for each pair, so
/// that every other character keeps its place; what a pair means depends on where the parser met
/// it, and is said by decode().
class SurrogatePairs {
 public:
  explicit SurrogatePairs(std::string_view text);

  /// For the parser.
  [[nodiscard]] const std::string& text() const { return text_; }

  [[nodiscard]] bool occur_in(std::string_view value) const;

  /// A value of the parser's. In double quotes a pair is one character; anywhere else it is what
  /// was written.
  [[nodiscard]] std::string decode(std::string_view value, bool double_quoted) const;

 private:
  std::string stand_in_for(std::string_view pair);

  std::string text_;
  std::string mark_;                          ///< begins each stand-in; "": there is none
  std::vector<std::string> pairs_;            ///< as they were written, each once
  std::map<std::string, std::size_t> index_;  ///< of a pair in pairs_: anchors of one name stay so
};

}  // namespace sessync::manifest
