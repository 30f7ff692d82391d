#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/observe/marker.h"
#include "reconciler/ports/marker_key.h"

namespace sessync::observe {

/// Why a marker proves nothing.
enum class Unproven {
  kNoKey,     ///< there are keys, and it was made without one
  kOtherKey,  ///< it was made with a key that is none of ours, or by somebody who has none
};

/// A marker as far as it can be believed.
struct ReadMarker {
  /// Nothing: the name has none that proves anything. One that was made with a key names its
  /// content like any other if that is one of those that the reader knows; else its digest is "".
  std::optional<Marker> marker;
  std::optional<Unproven> unproven;  ///< there is one, and it proves nothing
  std::string claimed_owner;         ///< of that one
};

/// Reads markers as the rules of this process let it believe them. Not thread-safe: it remembers
/// what it computed.
class MarkerReader {
 public:
  /// Null rules: no keys. They outlive the reader. `digests` (sha256, 64 hex digits) are the
  /// contents by which a marker with a key can be recognised.
  explicit MarkerReader(const ports::MarkerRules* rules, std::set<std::string> digests = {});

  /// The marker of a copy or an upload. `is_ours`: that this is known by its id; so a marker
  /// without a key is only what we once wrote.
  [[nodiscard]] ReadMarker read(std::string_view filename, bool is_ours = false) const;

 private:
  [[nodiscard]] std::optional<Marker> unseal(Marker marker) const;
  [[nodiscard]] std::string digest_prefix_of(std::size_t key, const std::string& content) const;

  const ports::MarkerRules* rules_;
  std::set<std::string> digests_;
  /// By key: its seal of each content, and the beginning of the content's digest.
  mutable std::map<std::size_t, std::map<std::string, std::string>> contents_;
};

/// Whether copies of an upload of this name will be taken for ours by its marker, without adopting
/// anything. One that has none says nothing against it.
bool is_as_written_now(const ports::MarkerRules* rules, std::string_view filename);

}  // namespace sessync::observe
