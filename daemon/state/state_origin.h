#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/ports/api_error.h"

namespace sessync::state {

/// Whose state a directory holds. Kept in it, so that the state of a manifest that got another name
/// is found again.
struct StateOrigin {
  std::string manifest;  ///< absolute path
  std::string owner;
  std::vector<std::string> sessions;  ///< their ids, or the keys by which created ones are found
  friend bool operator==(const StateOrigin&, const StateOrigin&) = default;
};

/// Writes nothing if the directory says so already. The error says what happened, to which file.
tl::expected<ports::Done, std::string> write_state_origin(const std::string& directory,
                                                          const StateOrigin& origin);
/// Nothing: the directory does not say.
std::optional<StateOrigin> read_state_origin(const std::string& directory);

/// State of the same owner, with a session in common.
struct RelatedState {
  std::string directory;
  std::string manifest;
  bool is_usable = false;  ///< that manifest is this one, or is there no more
};

/// What lies beside `directory`, a manifest's usual one, in which there is no state yet. Of several
/// one that can be used.
std::optional<RelatedState> find_related_state(const std::string& directory,
                                               const StateOrigin& origin);
/// The directory beside `directory` that says to be of this manifest, if there is no state in
/// `directory` itself; else that.
std::string find_state_of(const std::string& directory, const std::string& manifest);

}  // namespace sessync::state
