#include "daemon/workspace/read/service_account_token.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

namespace sessync::workspace {
namespace {

std::uint32_t base64url_value(char c) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return static_cast<std::uint32_t>(kDigits.find(c));
}

/// Of characters of base64url only.
std::string decode_base64url(std::string_view text) {
  constexpr unsigned kBitsOfDigit = 6;
  constexpr unsigned kBitsOfByte = 8;
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    bits = (bits << kBitsOfDigit) | base64url_value(c);
    count += kBitsOfDigit;
    if (count < kBitsOfByte) continue;
    count -= kBitsOfByte;
    bytes += static_cast<char>((bits >> count) & 0xFFU);
  }
  return bytes;
}

}  // namespace

bool names_service_account(std::string_view claims) {
  constexpr std::array<std::string_view, 3> kAccounts = {
      "kubernetes.io/serviceaccount", "system:serviceaccount:", ".gserviceaccount.com"};
  const std::string text = decode_base64url(claims);
  return std::ranges::any_of(
      kAccounts, [&](std::string_view name) { return text.find(name) != std::string::npos; });
}

}  // namespace sessync::workspace
