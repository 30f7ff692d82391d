#include "daemon/serve/negotiation.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace sessync::serve {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// What comes before `separator`, which is taken off `text` with it.
std::string_view take_until(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trimmed(taken);
}

bool is_same_word(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  });
}

/// Of "q=0.5" that it is more than nothing.
std::optional<bool> has_weight(std::string_view parameter) {
  const auto name = take_until(parameter, '=');
  const auto value = trimmed(parameter);
  const bool is_number = !value.empty() && value.find_first_not_of("0123456789.") == value.npos;
  if (!is_same_word(name, "q") || !is_number) {
    return std::nullopt;
  }
  return value.find_first_of("123456789") != value.npos;
}

std::string_view strong(std::string_view tag) {
  return tag.starts_with("W/") ? tag.substr(2) : tag;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    auto one = take_until(accept_encoding, ',');
    const auto name = take_until(one, ';');
    const bool takes = one.empty() || has_weight(one).value_or(false);
    if (is_same_word(name, "gzip")) {
      return takes;
    }
    any = any || (name == "*" && takes);
  }
  return any;
}

bool names_tag(std::string_view if_none_match, std::string_view tag) {
  while (!if_none_match.empty()) {
    const auto one = take_until(if_none_match, ',');
    if (one == "*" || strong(one) == strong(tag)) {
      return true;
    }
  }
  return false;
}

}  // namespace sessync::serve
