#include "reconciler/desired/blocked.h"

#include <algorithm>

namespace sessync::desired {

const char* to_string(BlockCode code) {
  switch (code) {
    case BlockCode::kGuard:
      return "guard";
    case BlockCode::kConflict:
      return "conflict";
    case BlockCode::kRequiresNewSession:
      return "requires_new_session";
    case BlockCode::kQuota:
      return "quota";
    case BlockCode::kInvalidName:
      return "invalid_name";
    case BlockCode::kPathCollision:
      return "path_collision";
    case BlockCode::kRefused:
      return "refused";
    case BlockCode::kFileNotFound:
      return "file_not_found";
    case BlockCode::kOwnerConflict:
      return "owner_conflict";
    case BlockCode::kUnstable:
      return "unstable";
    case BlockCode::kSecretUnavailable:
      return "secret_unavailable";
    case BlockCode::kTooLarge:
      return "too_large";
    case BlockCode::kSecret:
      return "secret";
    case BlockCode::kSecretSuspected:
      return "secret_suspected";
    case BlockCode::kLinkOutside:
      return "link_outside";
    case BlockCode::kOutputTooLarge:
      return "output_too_large";
    case BlockCode::kNotAllowed:
      return "not_allowed";
  }
  return "unknown";
}

const char* to_string(BlockedType type) {
  switch (type) {
    case BlockedType::kFile:
      return "file";
    case BlockedType::kRepository:
      return "github_repository";
    case BlockedType::kMemoryStore:
      return "memory_store";
    case BlockedType::kOutputs:
      return "outputs";
    case BlockedType::kSession:
      return "session";
  }
  return "file";
}

std::string place_of(const Blocked& blocked) {
  if (!blocked.path.text().empty()) {
    return blocked.path.text();
  }
  std::string words = to_string(blocked.type);
  std::ranges::replace(words, '_', ' ');
  return words;
}

}  // namespace sessync::desired
