#include "manifest/pattern/glob.h"

#include <optional>

namespace sessync::manifest {

/// A match in progress. A later star makes the choices of the earlier ones of its kind irrelevant,
/// so one place to return to per kind is enough and no pattern takes exponential time.
class GlobRun {
 public:
  GlobRun(const Glob& glob, std::string_view text) : glob_(glob), text_(text) {}

  bool matches() {
    while (token_ < glob_.tokens_.size() || at_ < text_.size()) {
      ++steps_;
      if (!step() && !retry()) return false;
    }
    return true;
  }

  [[nodiscard]] std::uint64_t steps() const { return steps_; }

 private:
  using Kind = Glob::Kind;
  struct Choice {
    Kind kind;
    std::size_t token;  ///< the one after the star
    std::size_t at;     ///< where that one was tried last
  };

  bool step() {
    if (token_ == glob_.tokens_.size()) return false;
    const auto& token = glob_.tokens_[token_];
    if (token.kind != Kind::kCharacter && token.kind != Kind::kSet) {
      remember(token.kind);
      return true;
    }
    if (at_ == text_.size()) return false;
    if (!glob_.consumes(token, static_cast<unsigned char>(text_[at_]))) return false;
    ++token_;
    ++at_;
    return true;
  }

  void remember(Kind kind) {
    ++token_;
    if (kind == Kind::kStar) {
      star_ = Choice{kind, token_, at_};
    } else {
      crossing_ = Choice{kind, token_, at_};
      star_.reset();
    }
  }

  bool retry() {
    if (star_ && star_->at < text_.size() && text_[star_->at] != '/') {
      token_ = star_->token;
      at_ = ++star_->at;
      return true;
    }
    star_.reset();
    return crossing_ && retry_crossing();
  }

  bool retry_crossing() {
    auto next = crossing_->at;
    if (crossing_->kind == Kind::kDirectories) next = text_.find('/', next);
    if (next >= text_.size()) return false;
    crossing_->at = next + 1;
    token_ = crossing_->token;
    at_ = crossing_->at;
    return true;
  }

  const Glob& glob_;
  std::string_view text_;
  std::size_t token_ = 0;
  std::size_t at_ = 0;
  std::uint64_t steps_ = 0;
  std::optional<Choice> star_;
  std::optional<Choice> crossing_;
};

bool Glob::matches(std::string_view text, MatchBudget* budget) const {
  GlobRun run(*this, text);
  const bool matched = run.matches();
  if (budget != nullptr) budget->spend(run.steps());
  return matched;
}

bool Glob::consumes(const Token& token, unsigned char character) const {
  switch (token.kind) {
    case Kind::kCharacter:
      return token.character == character;
    case Kind::kSet:
      return sets_[token.set].test(character);
    case Kind::kStar:
      return character != '/';
    case Kind::kAnything:
    case Kind::kDirectories:
      return true;
  }
  return false;
}

namespace {

/// The places in the pattern that can be reached; the last is its end.
using Reached = std::vector<bool>;

}  // namespace

bool Glob::may_match_beyond(std::string_view start, MatchBudget* budget) const {
  if (budget != nullptr && !budget->spend(start.size() * tokens_.size())) return true;
  const auto is_star = [this](std::size_t i) {
    return tokens_[i].kind != Kind::kCharacter && tokens_[i].kind != Kind::kSet;
  };
  const auto skip_stars = [&](Reached& reached) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (reached[i] && is_star(i)) reached[i + 1] = true;
    }
  };
  Reached reached(tokens_.size() + 1, false);
  reached[0] = true;
  skip_stars(reached);
  for (const char c : start) {
    Reached next(tokens_.size() + 1, false);
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!reached[i] || !consumes(tokens_[i], static_cast<unsigned char>(c))) continue;
      next[is_star(i) ? i : i + 1] = true;
    }
    skip_stars(next);
    reached = std::move(next);
  }
  for (const bool place : reached) {
    if (place) return true;
  }
  return false;
}

}  // namespace sessync::manifest
