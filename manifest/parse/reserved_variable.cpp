#include "manifest/parse/reserved_variable.h"

#include <algorithm>
#include <array>

namespace sessync::manifest {
namespace {

constexpr std::array<std::string_view, 3> kPrefixes = {"ANTHROPIC_", "SESSYNC_", "AWS_"};
constexpr std::array<std::string_view, 2> kNames = {"PATH", "HOME"};
constexpr std::string_view kProxy = "_proxy";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// As programs read them: HTTPS_PROXY and https_proxy are one.
bool is_proxy(std::string_view name) {
  return name.size() > kProxy.size() &&
         std::ranges::equal(name.substr(name.size() - kProxy.size()), kProxy, {}, lower);
}

}  // namespace

bool is_reserved_variable(std::string_view name) {
  return std::ranges::find(kNames, name) != kNames.end() || is_proxy(name) ||
         std::ranges::any_of(kPrefixes,
                             [name](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace sessync::manifest
