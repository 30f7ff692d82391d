#include "daemon/state/held.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sessync::state {
namespace {

using manifest::ClaimKind;

constexpr std::string_view kOwner = "owner";
constexpr std::string_view kSecret = "secret";
constexpr std::array<std::pair<ClaimKind, std::string_view>, 3> kClaimKinds{{
    {ClaimKind::kName, "name"},
    {ClaimKind::kSessionId, "session_id"},
    {ClaimKind::kDestination, "destination"},
}};

}  // namespace

std::vector<Held> rows_of(const manifest::Holdings& holdings) {
  std::vector<Held> rows;
  rows.reserve(holdings.claims.size() + holdings.secrets.size() + 1);
  if (!holdings.owner.empty()) {
    rows.push_back({std::string(kOwner), holdings.owner, ""});
  }
  for (const auto& claim : holdings.claims) {
    const auto* const kind =
        std::ranges::find(kClaimKinds, claim.kind, &decltype(kClaimKinds)::value_type::first);
    rows.push_back({std::string(kind->second), claim.value, claim.file});
  }
  for (const auto& secret : holdings.secrets) {
    rows.push_back({std::string(kSecret), secret.file + "/" + secret.name, secret.file});
  }
  std::ranges::sort(rows);
  return rows;
}

manifest::Holdings holdings_of(const std::vector<Held>& rows) {
  manifest::Holdings holdings;
  for (const auto& row : rows) {
    const auto* const kind =
        std::ranges::find(kClaimKinds, row.kind, &decltype(kClaimKinds)::value_type::second);
    if (row.kind == kOwner) {
      holdings.owner = row.value;
    } else if (row.kind == kSecret && row.value.starts_with(row.file + "/")) {
      holdings.secrets.push_back({row.value.substr(row.file.size() + 1), row.file});
    } else if (kind != kClaimKinds.end()) {
      holdings.claims.push_back({kind->first, row.value, row.file});
    }
  }
  std::ranges::sort(holdings.claims);
  std::ranges::sort(holdings.secrets);
  return holdings;
}

}  // namespace sessync::state
