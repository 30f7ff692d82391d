#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "manifest/pattern/glob.h"

namespace sessync::manifest {

/// Reads one pattern the way git's matcher does, byte by byte.
class GlobCompiler {
 public:
  GlobCompiler(std::string_view pattern, Glob::Scope scope) : pattern_(pattern), scope_(scope) {}

  /// An error says why nothing can ever match.
  tl::expected<Glob, std::string> compile();

 private:
  [[nodiscard]] bool at_end() const { return at_ >= pattern_.size(); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const;

  void read_token();
  void read_stars();
  void read_set();
  void read_set_members(Glob::CharacterSet& set);
  void read_set_member(Glob::CharacterSet& set);
  bool read_class(Glob::CharacterSet& set);
  void read_range(Glob::CharacterSet& set);
  /// The next byte, a backslash resolved; nothing (and an error) at the end of the pattern.
  std::optional<unsigned char> read_character(const char* error);
  void add_character(unsigned char character);
  void fail(std::string why);

  std::string_view pattern_;
  Glob::Scope scope_;
  std::size_t at_ = 0;
  std::optional<unsigned char> range_start_;
  Glob glob_;
  std::string error_;
};

}  // namespace sessync::manifest
