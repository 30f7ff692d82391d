#include "daemon/state/held.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace sessync::state {
namespace {

using manifest::ClaimKind;

constexpr std::string_view kOwner = "owner";
constexpr std::string_view kSecret = "secret";
constexpr std::string_view kRefused = "refused_";
constexpr std::array<std::pair<ClaimKind, std::string_view>, 3> kClaimKinds{{
    {ClaimKind::kName, "name"},
    {ClaimKind::kSessionId, "session_id"},
    {ClaimKind::kDestination, "destination"},
}};

std::string name_of(ClaimKind kind) {
  return std::string(
      std::ranges::find(kClaimKinds, kind, &decltype(kClaimKinds)::value_type::first)->second);
}

std::optional<ClaimKind> kind_of(std::string_view name) {
  const auto* const kind =
      std::ranges::find(kClaimKinds, name, &decltype(kClaimKinds)::value_type::second);
  return kind == kClaimKinds.end() ? std::nullopt : std::optional(kind->first);
}

/// One of several that files may have.
std::string shared(const std::string& file, const std::string& value) { return file + "/" + value; }

void read_shared(const Held& row, manifest::Holdings& to) {
  if (!row.value.starts_with(row.file + "/")) return;
  auto value = row.value.substr(row.file.size() + 1);
  if (row.kind == kSecret) return to.secrets.push_back({std::move(value), row.file});
  const auto kind = kind_of(std::string_view(row.kind).substr(kRefused.size()));
  if (kind) to.refused.push_back({*kind, std::move(value), row.file});
}

}  // namespace

std::vector<Held> rows_of(const manifest::Holdings& holdings) {
  std::vector<Held> rows;
  if (!holdings.owner.empty()) {
    rows.push_back({std::string(kOwner), holdings.owner, ""});
  }
  for (const auto& claim : holdings.claims) {
    rows.push_back({name_of(claim.kind), claim.value, claim.file});
  }
  for (const auto& secret : holdings.secrets) {
    rows.push_back({std::string(kSecret), shared(secret.file, secret.name), secret.file});
  }
  for (const auto& claim : holdings.refused) {
    rows.push_back(
        {std::string(kRefused) + name_of(claim.kind), shared(claim.file, claim.value), claim.file});
  }
  std::ranges::sort(rows);
  return rows;
}

manifest::Holdings holdings_of(const std::vector<Held>& rows) {
  manifest::Holdings holdings;
  for (const auto& row : rows) {
    if (row.kind == kOwner) {
      holdings.owner = row.value;
    } else if (row.kind == kSecret || row.kind.starts_with(kRefused)) {
      read_shared(row, holdings);
    } else if (const auto kind = kind_of(row.kind)) {
      holdings.claims.push_back({*kind, row.value, row.file});
    }
  }
  std::ranges::sort(holdings.claims);
  std::ranges::sort(holdings.secrets);
  std::ranges::sort(holdings.refused);
  return holdings;
}

}  // namespace sessync::state
