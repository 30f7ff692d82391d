#include "manifest/pattern/glob_compiler.h"

#include <array>
#include <utility>

#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

constexpr auto kUnclosed = "has a \"[\" without its \"]\"";
constexpr auto kTrailingBackslash = "ends in a lone backslash";

bool in_range(unsigned c, unsigned low, unsigned high) { return c >= low && c <= high; }
bool is_digit(unsigned c) { return in_range(c, '0', '9'); }
bool is_lower(unsigned c) { return in_range(c, 'a', 'z'); }
bool is_upper(unsigned c) { return in_range(c, 'A', 'Z'); }
bool is_alpha(unsigned c) { return is_lower(c) || is_upper(c); }
bool is_alnum(unsigned c) { return is_alpha(c) || is_digit(c); }
bool is_blank(unsigned c) { return c == ' ' || c == '\t'; }
bool is_cntrl(unsigned c) { return c < 0x20U || c == 0x7FU; }
bool is_print(unsigned c) { return in_range(c, 0x20, 0x7E); }
/// Git's own notion: no vertical tab, no form feed.
bool is_space(unsigned c) { return is_blank(c) || c == '\n' || c == '\r'; }
bool is_graph(unsigned c) { return in_range(c, 0x21, 0x7E); }
bool is_punct(unsigned c) { return is_graph(c) && !is_alnum(c); }
bool is_xdigit(unsigned c) { return is_digit(c) || in_range(c, 'a', 'f') || in_range(c, 'A', 'F'); }

using IsMember = bool (*)(unsigned);
constexpr std::array<std::pair<std::string_view, IsMember>, 12> kClasses = {{
    {"alnum", is_alnum},
    {"alpha", is_alpha},
    {"blank", is_blank},
    {"cntrl", is_cntrl},
    {"digit", is_digit},
    {"graph", is_graph},
    {"lower", is_lower},
    {"print", is_print},
    {"punct", is_punct},
    {"space", is_space},
    {"upper", is_upper},
    {"xdigit", is_xdigit},
}};

IsMember find_class(std::string_view name) {
  for (const auto& [known, is_member] : kClasses) {
    if (known == name) return is_member;
  }
  return nullptr;
}

}  // namespace

tl::expected<Glob, std::string> GlobCompiler::compile() {
  while (!at_end() && error_.empty()) read_token();
  if (!error_.empty()) return tl::make_unexpected(error_);
  return std::move(glob_);
}

char GlobCompiler::peek(std::size_t ahead) const {
  return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
}

void GlobCompiler::fail(std::string why) {
  if (error_.empty()) error_ = std::move(why);
}

void GlobCompiler::read_token() {
  switch (peek()) {
    case '*':
      return read_stars();
    case '[':
      return read_set();
    case '?': {
      ++at_;
      glob_.sets_.push_back(Glob::CharacterSet().set().reset('/'));
      glob_.tokens_.push_back({Glob::Kind::kSet, 0, glob_.sets_.size() - 1});
      return;
    }
    default:
      if (const auto character = read_character(kTrailingBackslash)) add_character(*character);
  }
}

void GlobCompiler::add_character(unsigned char character) {
  glob_.tokens_.push_back({Glob::Kind::kCharacter, character, 0});
}

std::optional<unsigned char> GlobCompiler::read_character(const char* error) {
  if (peek() == '\\') ++at_;
  if (at_end()) {
    fail(error);
    return std::nullopt;
  }
  return static_cast<unsigned char>(pattern_[at_++]);
}

void GlobCompiler::read_stars() {
  const auto first = at_;
  while (peek() == '*') ++at_;
  const bool starts_component = first == 0 || pattern_[first - 1] == '/';
  const bool ends_component = at_end() || peek() == '/' || (peek() == '\\' && peek(1) == '/');
  const bool is_double = at_ - first > 1 && scope_ == Glob::Scope::kPath;
  if (!is_double || !starts_component || !ends_component) {
    glob_.tokens_.push_back({Glob::Kind::kStar});
  } else if (peek() == '/') {
    ++at_;
    glob_.tokens_.push_back({Glob::Kind::kDirectories});
  } else {
    glob_.tokens_.push_back({Glob::Kind::kAnything});
  }
}

void GlobCompiler::read_set() {
  ++at_;
  const bool negated = peek() == '!' || peek() == '^';
  if (negated) ++at_;
  Glob::CharacterSet set;
  read_set_members(set);
  if (negated) set.flip();
  // A slash is matched by nothing but a slash and "**".
  set.reset('/');
  if (set.none()) fail("has a \"[...]\" that no character can match");
  glob_.sets_.push_back(set);
  glob_.tokens_.push_back({Glob::Kind::kSet, 0, glob_.sets_.size() - 1});
}

void GlobCompiler::read_set_members(Glob::CharacterSet& set) {
  range_start_.reset();
  // The first member may be "]" itself.
  do {
    if (at_end()) return fail(kUnclosed);
    read_set_member(set);
  } while (error_.empty() && peek() != ']');
  ++at_;
}

void GlobCompiler::read_set_member(Glob::CharacterSet& set) {
  if (peek() == '-' && range_start_ && peek(1) != '\0' && peek(1) != ']') return read_range(set);
  if (peek() == '[' && peek(1) == ':' && read_class(set)) return;
  range_start_ = read_character(kUnclosed);
  if (range_start_) set.set(*range_start_);
}

void GlobCompiler::read_range(Glob::CharacterSet& set) {
  ++at_;
  const auto last = read_character(kUnclosed);
  if (!last) return;
  for (unsigned c = *range_start_; c <= *last; ++c) set.set(c);
  range_start_.reset();
}

bool GlobCompiler::read_class(Glob::CharacterSet& set) {
  const auto name_at = at_ + 2;
  const auto close = pattern_.find(']', name_at);
  if (close == std::string_view::npos) {
    fail(kUnclosed);
    return true;
  }
  // Without ":]" it is an ordinary set that has "[" and ":" in it.
  if (close == name_at || pattern_[close - 1] != ':') return false;
  const auto name = pattern_.substr(name_at, close - 1 - name_at);
  if (const auto is_member = find_class(name)) {
    for (unsigned c = 0; c < 0x80U; ++c) {
      if (is_member(c)) set.set(c);
    }
  } else {
    fail("has an unknown character class " + quoted("[:" + std::string(name) + ":]"));
  }
  at_ = close + 1;
  range_start_.reset();
  return true;
}

}  // namespace sessync::manifest
