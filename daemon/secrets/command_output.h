#pragma once

#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "reconciler/ports/api_error.h"
#include "reconciler/ports/secret.h"

namespace sessync::secrets {

/// What a token command printed.
struct PrintedToken {
  ports::Secret token;
  std::optional<ports::TimePoint> expires_at;
};
using PrintedTokenOr = tl::expected<PrintedToken, std::string>;

/// One line, or a JSON object with "token" and perhaps "expires_at". An error continues a sentence
/// whose subject is the command and repeats nothing of the text.
PrintedTokenOr read_command_output(const std::string& text);

}  // namespace sessync::secrets
