#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

#include "manifest/pattern/match_budget.h"

namespace sessync::manifest {

/// One wildcard pattern, compiled once (glob_compiler.h) and matched in time linear in the text for
/// each of its stars. Bytes, not characters, are compared, as git does.
class Glob {
 public:
  enum class Scope {
    kName,  ///< the text is one path component
    kPath,  ///< the text is a path: only "**" crosses a slash
  };

  Glob() = default;

  /// Here and below `budget` may be null.
  [[nodiscard]] bool matches(std::string_view text, MatchBudget* budget) const;

  /// False only if no text that begins with `start` can match.
  [[nodiscard]] bool may_match_beyond(std::string_view start, MatchBudget* budget) const;

  using CharacterSet = std::bitset<256>;

 private:
  friend class GlobCompiler;
  friend class GlobRun;
  enum class Kind {
    kCharacter,
    kSet,
    kStar,         ///< anything without a slash
    kAnything,     ///< "**" at the end: anything
    kDirectories,  ///< "**/": nothing, or anything that ends in a slash
  };
  struct Token {
    Kind kind;
    unsigned char character = 0;
    std::size_t set = 0;  ///< index into sets_
  };

  [[nodiscard]] bool consumes(const Token& token, unsigned char character) const;

  std::vector<Token> tokens_;
  std::vector<CharacterSet> sets_;
};

}  // namespace sessync::manifest
