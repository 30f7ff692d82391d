#pragma once

#include <string>

#include "manifest/mount_path.h"

namespace sessync::desired {

/// Why something declared is not carried out. A blocked entry is a value of a plan, not an error.
enum class BlockCode {
  kGuard,               ///< a delete held back by the mass-deletion or lost-source guard
  kConflict,            ///< something that is not ours is mounted at, above or below the path
  kRequiresNewSession,  ///< fixed when the session was created
  kQuota,               ///< more files than max_files
  kInvalidName,
  kPathCollision,  ///< two declared files meet on one path, or one lies below the other
  kRefused,        ///< the API refused it for good
  kFileNotFound,   ///< the declared upload or source does not exist
  kOwnerConflict,  ///< another daemon with our owner name put it there
  kUnstable,       ///< the content could not be read as it was at one instant
  kSecretUnavailable,
  kTooLarge,         ///< larger than max_file_size
  kSecret,           ///< left out by a rule against accidents, and mounted or declared all the same
  kSecretSuspected,  ///< the content has the form of a secret
  kLinkOutside,      ///< as kSecret: a link leads to what its entry does not take
  kOutputTooLarge,   ///< an output larger than outputs.max_file
  kNotAllowed,       ///< the operator's policy does not let the manifest ask for it
};

/// The code's name in output, snake_case.
const char* to_string(BlockCode code);

/// What is blocked. In this order entries of one path are printed.
enum class BlockedType { kFile, kRepository, kMemoryStore, kOutputs, kSession };

/// The type's name in output: file, github_repository, memory_store, outputs, session.
const char* to_string(BlockedType type);

/// An entry that is not carried out.
struct Blocked {
  BlockedType type = BlockedType::kFile;
  manifest::MountPath path;  ///< of outputs: "/" and the name; empty where there is none
  BlockCode code = BlockCode::kConflict;
  std::string reason;  ///< what it means and what to do
  friend bool operator==(const Blocked&, const Blocked&) = default;
};

/// What people are told of the place: its mount path, or where there is none (memory stores, a
/// session that is not created) the type, in words.
std::string place_of(const Blocked& blocked);

}  // namespace sessync::desired
