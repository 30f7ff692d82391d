#pragma once

#include <string>

#include "daemon/cli/output/command_error.h"
#include "daemon/config/exit_code.h"
#include "daemon/config/options.h"
#include "manifest/load.h"

/// How a command tells that it cannot do what it is for.
namespace sessync::cli {

/// The document that the command of these options prints with -o json when it has nothing else to
/// say: its usual one, empty, with the error. "" for a command that never prints one.
std::string failure_document(config::Command command, const CommandError& error);

/// Prints to standard error what keeps a command from being carried out, and with -o json the
/// document that says it as well; returns the exit code.
int refuse(const config::Options& options, const config::UsageError& error);

/// The same of a manifest, every problem on a line of its own.
int refuse_manifest(const config::Options& options, const manifest::Manifest& manifest);

}  // namespace sessync::cli
