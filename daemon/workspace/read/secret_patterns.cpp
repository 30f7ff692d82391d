#include "daemon/workspace/read/secret_patterns.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <climits>
#include <string>
#include <string_view>

#include "daemon/workspace/read/service_account_token.h"

namespace sessync::workspace {
namespace {

using ports::SecretKind;

constexpr std::string_view kBeginWord = "BEGIN ";
/// Fewer characters behind a prefix are no secret.
constexpr std::size_t kFewest = 20;
/// More are not needed to tell one, and would only cost time where prefixes stand side by side.
constexpr std::size_t kMost = 128;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_upper(c) || is_lower(c) || is_digit(c); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_alnum_or_score(char c) { return is_alnum(c) || c == '_'; }
bool is_alnum_or_dash(char c) { return is_alnum(c) || c == '-'; }
bool is_base64url(char c) { return is_alnum(c) || c == '-' || c == '_'; }
bool is_base64(char c) { return is_alnum(c) || c == '+' || c == '/' || c == '='; }
bool is_npm_token(char c) { return is_base64url(c) || is_base64(c); }
bool is_upper_or_digit(char c) { return is_upper(c) || is_digit(c); }

using CharClass = bool (*)(char);

/// What of the documentation of who gives secrets out would pass for one, without the prefix.
constexpr std::array<std::string_view, 4> kDocumented = {
    "16C7e42F292c6912E7710c838347Ae178B4a",              // GitHub's tokens
    "23984754863-2348975623103",                         // Slack's
    "BCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC",  // the key of RFC 8410
    "AoIBAQC7VJTUt9Us8cKj",                              // that of jwt.io
};

/// In lower case. None of them turns up by chance.
constexpr std::array<std::string_view, 12> kPlaceholders = {
    "example", "placeholder", "redacted", "your-",      "your_",      "yourtoken",
    "yourkey", "not-a-real",  "notareal", "1234567890", "0123456789", "abcdefghij"};

bool is_placeholder(std::string_view body) {
  std::string lower(body);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::ranges::any_of(
      kPlaceholders, [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

std::size_t count_distinct(std::string_view body) {
  std::bitset<UCHAR_MAX + 1> seen;
  for (const char c : body) seen.set(static_cast<unsigned char>(c));
  return seen.count();
}

/// "xxxxxxxx": nobody's generator gives that out.
bool repeats_itself(std::string_view body) {
  constexpr std::size_t kRepetitions = 8;
  std::size_t run = 0;
  for (std::size_t i = 1; i < body.size(); ++i) {
    run = body[i] == body[i - 1] ? run + 1 : 0;
    if (run + 1 == kRepetitions) return true;
  }
  return false;
}

bool is_documented(std::string_view body) {
  return std::ranges::any_of(kDocumented,
                             [&](std::string_view known) { return body.find(known) != body.npos; });
}

bool is_example(std::string_view body) {
  constexpr std::size_t kFewestDistinct = 6;
  return count_distinct(body) < kFewestDistinct || is_placeholder(body) || is_documented(body);
}

bool has(std::string_view body, CharClass one) { return std::ranges::any_of(body, one); }

/// The characters of a class from `at` on, as far as they tell something.
std::string run_of(const SecretText& text, std::size_t at, CharClass one) {
  std::string run;
  while (run.size() < kMost && one(text.at(at + run.size()))) run += text.at(at + run.size());
  return run;
}

bool stands_there(const SecretText& text, std::size_t at, std::string_view what) {
  for (std::size_t i = 0; i < what.size(); ++i) {
    if (text.at(at + i) != what[i]) return false;
  }
  return true;
}

/// "..." or the one character that looks like it.
bool is_cut_short(const SecretText& text, std::size_t at) {
  return stands_there(text, at, "...") || stands_there(text, at, "\xE2\x80\xA6");
}

/// Nothing before it belongs to the same word. What was escaped for JSON or a URL ends in a letter.
bool begins_word(const SecretText& text, std::size_t at) {
  if (at == 0 || !is_alnum(text.at(at - 1))) return true;
  const char before = text.at(at - 1);
  const bool is_escape =
      at >= 2 && text.at(at - 2) == '\\' && (before == 'n' || before == 'r' || before == 't');
  return is_escape ||
         (at >= 3 && text.at(at - 3) == '%' && is_hex(text.at(at - 2)) && is_hex(before));
}

bool has_digit(std::string_view body) { return has(body, is_digit); }
bool has_digit_or_both_cases(std::string_view body) {
  return has_digit(body) || (has(body, is_upper) && has(body, is_lower));
}
/// A name of a program's is shorter.
bool has_digit_or_is_long(std::string_view body) {
  constexpr std::size_t kLong = 36;
  return has_digit(body) || body.size() >= kLong;
}

/// A prefix and what follows it.
struct TokenForm {
  SecretKind kind;
  CharClass character;
  bool (*is_random)(std::string_view body);
};
constexpr TokenForm kAnthropic{SecretKind::kAnthropicKey, is_base64url, has_digit_or_both_cases};
constexpr TokenForm kGithub{SecretKind::kGithubToken, is_alnum, has_digit_or_is_long};
constexpr TokenForm kGithubFine{SecretKind::kGithubToken, is_alnum_or_score, has_digit_or_is_long};
constexpr TokenForm kSlack{SecretKind::kSlackToken, is_alnum_or_dash, has_digit};
constexpr TokenForm kGitlab{SecretKind::kGitlabToken, is_base64url, has_digit_or_both_cases};
constexpr TokenForm kNpm{SecretKind::kNpmToken, is_npm_token, has_digit_or_both_cases};

std::optional<SecretKind> token(const SecretText& text, std::size_t at, const TokenForm& form) {
  const std::string body = run_of(text, at, form.character);
  const bool is_one = body.size() >= kFewest && form.is_random(body) && !repeats_itself(body) &&
                      !is_example(body) && !is_cut_short(text, at + body.size());
  return is_one ? std::optional(form.kind) : std::nullopt;
}

std::optional<SecretKind> aws_key(const SecretText& text, std::size_t at) {
  constexpr std::size_t kLength = 16;
  const std::string body = run_of(text, at, is_upper_or_digit);
  const bool is_one = body.size() == kLength && !is_base64url(text.at(at + kLength)) &&
                      !repeats_itself(body) && !is_example(body);
  return is_one ? std::optional(SecretKind::kAwsKey) : std::nullopt;
}

/// `at`: behind "_authToken".
std::optional<SecretKind> npm_token(const SecretText& text, std::size_t at) {
  const auto skip = [&](std::string_view what) {
    while (text.at(at) != '\0' && what.find(text.at(at)) != std::string_view::npos) ++at;
  };
  skip("\"' ");
  if (text.at(at) != '=') return std::nullopt;
  skip("=\"' ");
  return token(text, at, kNpm);
}

/// Between the lines of a key, also where it is quoted in a program.
bool is_between_lines(char c) {
  constexpr std::string_view kBetween = " \t\r\n\"'`\\+,;#*>|()";
  return kBetween.find(c) != std::string_view::npos;
}

/// Behind what stands between the lines of a key: white space, quotes, "\n" spelled out.
std::size_t skip_between_lines(const SecretText& text, std::size_t at) {
  constexpr std::size_t kMostBetween = 256;
  for (const std::size_t end = at + kMostBetween; at < end; ++at) {
    const char c = text.at(at);
    const bool is_escaped = (c == 'n' || c == 'r' || c == 't') && at > 0 && text.at(at - 1) == '\\';
    if (!is_escaped && (c == '\0' || !is_between_lines(c))) break;
  }
  return at;
}

/// Behind a line "Proc-Type: 4,ENCRYPTED"; `at` if there is none.
std::size_t skip_header(const SecretText& text, std::size_t at) {
  const std::string name = run_of(text, at, is_alnum_or_dash);
  if (name.empty() || text.at(at + name.size()) != ':') return at;
  constexpr std::size_t kLongestHeader = 512;
  std::size_t end = at + name.size();
  while (end < at + kLongestHeader && text.at(end) != '\0' && text.at(end) != '\n' &&
         text.at(end) != '\\') {
    ++end;
  }
  return end;
}

/// "-----BEGIN " and words in capitals stand before `at`.
bool follows_begin(const SecretText& text, std::size_t at) {
  constexpr std::string_view kDashes = "-----";
  constexpr std::size_t kLongestWords = 40;
  std::size_t from = at;
  const auto is_word = [&](char c) { return is_upper_or_digit(c) || c == ' '; };
  while (from > 0 && at - from < kLongestWords && is_word(text.at(from - 1))) --from;
  return from >= kDashes.size() && at - from >= kBeginWord.size() &&
         stands_there(text, from, kBeginWord) && stands_there(text, from - kDashes.size(), kDashes);
}

/// Lines of keys are longer than names of programs, or begin as what is packed in them does.
bool is_key_line(std::string_view body) {
  constexpr std::size_t kLongerThanNames = 40;
  const bool is_der = body.size() >= 2 && body[0] == 'M' && body[1] >= 'A' && body[1] <= 'I';
  return body.size() >= kLongerThanNames ||
         (body.size() >= kFewest && (is_der || body.starts_with("b3BlbnNzaC1rZXk")));
}

/// `at`: at "PRIVATE KEY".
std::optional<SecretKind> private_key(const SecretText& text, std::size_t at) {
  constexpr int kMostHeaders = 8;
  const auto skip = [&](std::string_view what) {
    const bool is_there = stands_there(text, at, what);
    at += is_there ? what.size() : 0;
    return is_there;
  };
  if (!follows_begin(text, at) || !skip("PRIVATE KEY")) return std::nullopt;
  skip(" BLOCK");
  if (!skip("-----")) return std::nullopt;
  at = skip_between_lines(text, at);
  for (int headers = 0; headers < kMostHeaders; ++headers) {
    const std::size_t behind = skip_header(text, at);
    if (behind == at) break;
    at = skip_between_lines(text, behind);
  }
  const std::string body = run_of(text, at, is_base64);
  const bool is_one = is_key_line(body) && has_digit_or_both_cases(body) && !is_example(body) &&
                      !is_cut_short(text, at + body.size());
  return is_one ? std::optional(SecretKind::kPrivateKey) : std::nullopt;
}

/// `at`: at "eyJ".
std::optional<SecretKind> web_token(const SecretText& text, std::size_t at) {
  constexpr std::size_t kMostOfPart = 8192;
  std::array<std::string, 3> parts;
  for (std::string& part : parts) {
    while (part.size() < kMostOfPart && is_base64url(text.at(at))) part += text.at(at++);
    const bool is_last = &part == &parts.back();
    if (part.size() < kFewest || (!is_last && text.at(at++) != '.')) return std::nullopt;
  }
  return names_service_account(parts[1]) ? std::optional(SecretKind::kServiceAccount)
                                         : std::nullopt;
}

/// A text that begins `back` before its anchor, '?' for any character of `any`.
struct Beginning {
  std::string_view text;
  std::size_t back;
  std::string_view any;
  std::optional<SecretKind> (*secret)(const SecretText& text, std::size_t begin, std::size_t end);
};

template <const TokenForm& kForm>
std::optional<SecretKind> word(const SecretText& text, std::size_t begin, std::size_t end) {
  return begins_word(text, begin) ? token(text, end, kForm) : std::nullopt;
}

using Place = std::size_t;
constexpr std::array<Beginning, 9> kBeginnings = {{
    {"sk-ant-", 4, "", word<kAnthropic>},
    {"gh?_", 1, "pos", word<kGithub>},
    {"github_pat_", 5, "", word<kGithubFine>},
    {"xox?-", 2, "abp", word<kSlack>},
    {"glpat-", 3, "", word<kGitlab>},
    {"_authToken", 5, "",
     [](const SecretText& text, Place, Place end) { return npm_token(text, end); }},
    {"PRIVATE KEY", 3, "",
     [](const SecretText& text, Place begin, Place) { return private_key(text, begin); }},
    {"AKIA", 1, "",
     [](const SecretText& text, Place begin, Place end) {
       return begins_word(text, begin) ? aws_key(text, end) : std::nullopt;
     }},
    {"eyJ", 0, "",
     [](const SecretText& text, Place begin, Place) {
       // Not in the middle of another one's part: each part is read for one or two only.
       const bool is_part =
           begin > 0 && !is_alnum(text.at(begin - 1)) && is_base64url(text.at(begin - 1));
       return !is_part && begins_word(text, begin) ? web_token(text, begin) : std::nullopt;
     }},
}};

bool stands_at(const SecretText& text, std::size_t at, const Beginning& one) {
  for (std::size_t i = 0; i < one.text.size(); ++i) {
    const char c = text.at(at + i);
    const bool fits = one.text[i] == '?' ? one.any.find(c) != std::string_view::npos && c != '\0'
                                         : c == one.text[i];
    if (!fits) return false;
  }
  return true;
}

}  // namespace

std::optional<ports::SecretKind> secret_at(const SecretText& text, std::size_t anchor) {
  for (const Beginning& one : kBeginnings) {
    if (anchor < one.back || !stands_at(text, anchor - one.back, one)) continue;
    const std::size_t begin = anchor - one.back;
    if (const auto kind = one.secret(text, begin, begin + one.text.size())) return kind;
  }
  return std::nullopt;
}

}  // namespace sessync::workspace
