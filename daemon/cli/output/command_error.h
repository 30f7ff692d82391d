#pragma once

#include <string>

#include "reconciler/errors/session_error.h"

namespace sessync::cli {

/// Why a command as a whole could not do what it is for, as its JSON document says it.
struct CommandError {
  CommandError(std::string name, std::string words)
      : code(std::move(name)), message(std::move(words)) {}
  /// The command was about one session only, and this kept it from that.
  explicit CommandError(const errors::SessionError& error)
      : code(errors::to_string(error.code)), message(error.message) {}

  std::string code;  ///< snake_case: usage, manifest_invalid, timed_out, ...; only to be printed
  std::string message;
};

}  // namespace sessync::cli
