#pragma once

#include <string>
#include <string_view>

#include "reconciler/ports/secret.h"

/// How a daemon shows the commands that it is the one of their state directory: it knows the nonce
/// that stands in daemon.json, which nobody else may read. What it shows holds for one question on
/// one connection, so whoever passes it on shows nothing.
namespace sessync::remote {

inline constexpr const char* kProofPath = "/api/v1/proof/";  ///< + the challenge

/// 64 hex digits that nobody can guess.
std::string random_digits();

/// What a command may ask: 64 hex digits.
bool is_challenge(std::string_view text);

/// `channel`: see channel_of().
std::string proof_of(const ports::Secret& nonce, std::string_view challenge,
                     std::string_view channel);

}  // namespace sessync::remote
