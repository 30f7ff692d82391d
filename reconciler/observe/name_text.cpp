#include "reconciler/observe/name_text.h"

namespace sessync::observe {
namespace {

constexpr std::size_t kMaxExtensionBytes = 32;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// The longest front of `text` (UTF-8) that has at most `limit` bytes and whole characters.
std::string_view front_of(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) {
    return text;
  }
  while (limit > 0 && is_continuation(text[limit])) {
    --limit;
  }
  return text.substr(0, limit);
}

std::string_view extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const bool has_one = dot != std::string_view::npos && dot > 0;
  return has_one && name.size() - dot <= kMaxExtensionBytes ? name.substr(dot) : "";
}

}  // namespace

std::string shortened_name(std::string_view name, std::size_t limit) {
  if (name.size() <= limit) {
    return std::string(name);
  }
  const std::string_view extension = extension_of(name);
  std::string out(front_of(name, limit - extension.size()));
  return out.append(extension);
}

}  // namespace sessync::observe
