#include "daemon/http/client/base_url.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "daemon/http/client/header_text.h"

namespace sessync::http {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";

bool is_printable_ascii(char c) { return c > ' ' && c < '\x7f'; }

std::string_view after_scheme(std::string_view url) {
  const auto colon = url.find("://");
  return colon == std::string_view::npos ? std::string_view() : url.substr(colon + 3);
}

std::string_view authority_of(std::string_view url) {
  const auto rest = after_scheme(url);
  return rest.substr(0, rest.find_first_of("/?#\\"));
}

/// Host without port and brackets; nothing if it is malformed.
std::optional<std::string_view> host_name(std::string_view authority) {
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const auto rest = authority.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    return authority.substr(1, close - 1);
  }
  const auto colon = authority.find(':');
  if (colon != authority.rfind(':')) return std::nullopt;
  return authority.substr(0, colon);
}

bool has_valid_port(std::string_view authority) {
  const auto bracket = authority.rfind(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return true;
  const auto port = authority.substr(colon + 1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !port.empty() && port.size() <= 5 && std::ranges::all_of(port, is_digit) &&
         std::stoi(std::string(port)) <= 65535;
}

/// Dotted quads only: shorter spellings mean different hosts to different parsers.
bool is_loopback_quad(std::string_view host) {
  if (!host.starts_with("127.")) return false;
  int parts = 1;
  int digits = 0;
  int value = 0;
  for (const char c : host) {
    if (c == '.') {
      if (digits == 0) return false;
      ++parts;
      digits = value = 0;
    } else {
      if (c < '0' || c > '9' || ++digits > 3) return false;
      value = value * 10 + (c - '0');
      if (value > 255) return false;
    }
  }
  return parts == 4 && digits > 0;
}

bool is_loopback(std::string_view host) {
  return lower_case(host) == "localhost" || host == "::1" || is_loopback_quad(host);
}

bool is_host_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' ||
         c == ':';
}

std::string problem_of_url(std::string_view url, std::string_view scheme) {
  if (scheme.empty()) return "it must begin with https://";
  if (!std::ranges::all_of(url, is_printable_ascii))
    return "it contains characters no URL may have";
  if (url.find_first_of("?#\\") != std::string_view::npos) {
    return "it must not contain '?', '#' or '\\'";
  }
  const auto authority = authority_of(url);
  if (authority.find('@') != std::string_view::npos) {
    return "it must not contain credentials; give the key as an API key";
  }
  const auto host = host_name(authority);
  if (!host || host->empty() || !std::ranges::all_of(*host, is_host_character)) {
    return "its host is not valid";
  }
  if (!has_valid_port(authority)) return "its port is not valid";
  if (scheme == kHttp && !is_loopback(*host)) {
    return "plain http would send the API key in the clear; it is allowed for loopback hosts only";
  }
  return "";
}

}  // namespace

tl::expected<std::string, std::string> parse_base_url(std::string_view url) {
  std::string_view scheme;
  const std::string head = lower_case(url.substr(0, kHttps.size()));
  if (head.starts_with(kHttps)) scheme = kHttps;
  if (head.starts_with(kHttp)) scheme = kHttp;
  const std::string problem = problem_of_url(url, scheme);
  if (!problem.empty()) {
    return tl::unexpected("the API's base URL cannot be used: " + problem);
  }
  std::string result = std::string(scheme) + std::string(after_scheme(url));
  while (result.ends_with('/')) result.pop_back();
  return result;
}

std::string host_of(std::string_view url) {
  auto authority = authority_of(url);
  const auto at = authority.rfind('@');
  if (at != std::string_view::npos) authority = authority.substr(at + 1);
  return std::string(authority);
}

}  // namespace sessync::http
