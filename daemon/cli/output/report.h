#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/cli/output/command_error.h"
#include "daemon/cli/output/plan_json.h"
#include "daemon/config/options.h"

namespace sessync::cli {

/// The document that `plan` or `apply` prints, text or JSON as the options say. Sorted by name.
/// `error`: what kept the command as a whole from its work; text leaves that to standard error.
std::string present(const std::vector<SessionReport>& reports, const config::Options& options,
                    const std::optional<CommandError>& error = std::nullopt);

/// What the JSON document has no place for, as lines for standard error; "" for text.
std::string remarks(const std::vector<SessionReport>& reports, const config::Options& options);

/// Nothing is remembered (--state-dir none): says of each session whose tokens are sent for that
/// reason alone that they will be in every run.
void warn_of_forgetting(std::vector<SessionReport>& reports);

/// The exit code of `plan` or `apply`; of several 5 wins over 1, and 1 over 4.
int exit_code_of(const std::vector<SessionReport>& reports, const config::Options& options);

/// Of two exit codes the one that counts: 5 wins over 1, and 1 over 4.
int graver(int left, int right);

/// The passes of one session, put together as one: every action with its last result, the rest as
/// the last pass saw it.
pass::PassOutcome merge_passes(const pass::PassOutcome& earlier, pass::PassOutcome later);

}  // namespace sessync::cli
