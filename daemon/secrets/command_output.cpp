#include "daemon/secrets/command_output.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "daemon/secrets/credential_text.h"
#include "reconciler/observe/server_time.h"

namespace sessync::secrets {
namespace {

using nlohmann::json;

tl::expected<std::optional<ports::TimePoint>, std::string> read_expiry(const json& document) {
  const auto found = document.find("expires_at");
  if (found == document.end() || found->is_null()) return std::nullopt;
  std::optional<ports::TimePoint> time;
  if (found->is_string()) {
    const auto written = observe::parse_rfc3339(found->get_ref<const std::string&>());
    if (written) time = std::chrono::floor<ports::Duration>(*written);
  }
  if (found->is_number()) time = observe::from_unix_seconds(found->get<double>());
  if (time) return time;
  return tl::make_unexpected(
      "printed an \"expires_at\" that is neither RFC 3339 text nor seconds since 1970");
}

PrintedTokenOr read_object(const std::string& text) {
  json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return tl::make_unexpected("printed something that is no JSON object");
  const auto found = document.find("token");
  if (found == document.end() || !found->is_string()) {
    return tl::make_unexpected("printed a JSON object without a \"token\" text");
  }
  auto token = repository_token_of_text(std::move(found->get_ref<std::string&>()));
  if (!token) return tl::unexpected("printed a \"token\" that " + token.error());
  auto expires_at = read_expiry(document);
  if (!expires_at) return tl::unexpected(std::move(expires_at.error()));
  return PrintedToken{std::move(*token), *expires_at};
}

}  // namespace

PrintedTokenOr read_command_output(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '{') return read_object(text);
  auto token = repository_token_of_text(text);
  if (!token) return tl::make_unexpected("printed a text that " + token.error());
  return PrintedToken{std::move(*token), std::nullopt};
}

}  // namespace sessync::secrets
