#include "daemon/secrets/credential_text.h"

#include <algorithm>
#include <utility>

namespace sessync::secrets {
namespace {

constexpr std::string_view kAnthropicKey = "sk-ant-";

bool is_visible_ascii(char c) { return c > ' ' && c <= '~'; }

/// In any case: also with quotes, a user or a scheme before it.
bool is_found_in(std::string_view text, std::string_view lower_word) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return !std::ranges::search(text, lower_word, {}, lower).empty();
}

/// Why `credential` is none; "" if it is one.
std::string problem_of_credential(std::string_view credential, std::size_t most) {
  if (credential.empty()) return "is empty";
  if (credential.size() > most)
    return "is longer than any there is (" + std::to_string(most) + " bytes)";
  if (credential.find_first_of("\r\n") != credential.npos) {
    return "has more than one line, which no key or token has";
  }
  if (!std::ranges::all_of(credential, is_visible_ascii)) {
    return "has blanks, control characters or bytes that are not ASCII, which no key or token has";
  }
  return "";
}

}  // namespace

std::string_view without_surroundings(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  text.remove_prefix(std::min(text.find_first_not_of(kWhiteSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kWhiteSpace) + 1);
}

tl::expected<ports::Secret, std::string> credential_of_text(std::string text, std::size_t most) {
  const auto credential = without_surroundings(text);
  auto problem = problem_of_credential(credential, most);
  ports::Secret secret(problem.empty() ? std::string(credential) : std::string());
  ports::wipe(text);
  if (!problem.empty()) return tl::unexpected(std::move(problem));
  return secret;
}

tl::expected<ports::Secret, std::string> repository_token_of_text(std::string text) {
  auto token = credential_of_text(std::move(text));
  if (token && is_found_in(token->reveal(), kAnthropicKey)) {
    return tl::unexpected(std::string("is an Anthropic API key, which opens no repository"));
  }
  return token;
}

}  // namespace sessync::secrets
