#include "daemon/api/send/request_headers.h"

#include <algorithm>

#include <strings.h>

namespace sessync::api {
namespace {

constexpr const char* kBeta = "anthropic-beta";

void add(std::vector<http::HttpHeader>& headers, const char* name, std::string value) {
  headers.push_back({name, ports::Secret(std::move(value))});
}

void add_key(std::vector<http::HttpHeader>& headers, AuthStyle style, const ports::Secret& key) {
  if (style == AuthStyle::kApiKey) {
    headers.push_back({"x-api-key", key});
  } else {
    add(headers, "authorization", "Bearer " + key.reveal());
  }
}

bool same_name(const std::string& left, const std::string& right) {
  return strcasecmp(left.c_str(), right.c_str()) == 0;
}

void merge(std::vector<http::HttpHeader>& headers, const http::HttpHeader& custom) {
  const auto ours = std::ranges::find_if(
      headers, [&](const http::HttpHeader& header) { return same_name(header.name, custom.name); });
  if (ours == headers.end()) {
    headers.push_back(custom);
  } else if (same_name(custom.name, kBeta)) {
    ours->value = ports::Secret(ours->value.reveal() + "," + custom.value.reveal());
  } else {
    ours->value = custom.value;
  }
}

}  // namespace

std::vector<http::HttpHeader> request_headers(const ApiOptions& options, const ports::Secret& key,
                                              const RequestKind& kind) {
  std::vector<http::HttpHeader> headers;
  add_key(headers, options.auth_style, key);
  add(headers, "anthropic-version", options.api_version);
  if (kind.managed_agents_beta) add(headers, kBeta, "managed-agents-2026-04-01");
  if (options.workspace_id) add(headers, "anthropic-workspace-id", *options.workspace_id);
  add(headers, "accept", kind.binary_answer ? "application/binary" : "application/json");
  if (kind.json_body) add(headers, "content-type", "application/json");
  for (const http::HttpHeader& custom : options.custom_headers) merge(headers, custom);
  return headers;
}

}  // namespace sessync::api
