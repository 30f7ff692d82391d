#include "reconciler/observe/marker_reader.h"

#include <utility>

namespace sessync::observe {
namespace {

constexpr std::size_t kPrefixDigits = 32;

}  // namespace

MarkerReader::MarkerReader(const ports::MarkerRules* rules, std::set<std::string> digests)
    : rules_(rules), digests_(std::move(digests)) {}

ReadMarker MarkerReader::read(std::string_view filename, bool is_ours) const {
  auto marker = decode_marker(filename);
  if (!marker) {
    return {};
  }
  const bool is_sealed = !marker->seal.empty();
  const auto owner = marker->owner;
  if (is_sealed) {
    marker = unseal(std::move(*marker));
  } else if (rules_ != nullptr && !rules_->keys.empty() && !rules_->adopt_unkeyed && !is_ours) {
    marker.reset();
  }
  if (marker) {
    return {std::move(marker), std::nullopt, {}};
  }
  return {std::nullopt, is_sealed ? Unproven::kOtherKey : Unproven::kNoKey, owner};
}

std::optional<Marker> MarkerReader::unseal(Marker marker) const {
  for (std::size_t i = 0; rules_ != nullptr && i < rules_->keys.size(); ++i) {
    if (is_sealed_with(*rules_->keys[i], marker)) {
      marker.digest_prefix = digest_prefix_of(i, marker.seal.substr(0, kContentSealDigits));
      return marker;
    }
  }
  return std::nullopt;
}

/// "" if it is no content that is known.
std::string MarkerReader::digest_prefix_of(std::size_t key, const std::string& content) const {
  auto& known = contents_[key];
  if (known.empty()) {
    for (const auto& digest : digests_) {
      known.emplace(seal_of_content(*rules_->keys[key], digest), digest.substr(0, kPrefixDigits));
    }
  }
  const auto found = known.find(content);
  return found == known.end() ? std::string() : found->second;
}

bool is_as_written_now(const ports::MarkerRules* rules, std::string_view filename) {
  const auto marker = decode_marker(filename);
  const bool has_keys = rules != nullptr && !rules->keys.empty();
  if (!marker || marker->seal.empty()) {
    return !marker || !has_keys;
  }
  return !MarkerReader(rules).read(filename).unproven;
}

}  // namespace sessync::observe
