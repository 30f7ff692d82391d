#pragma once

#include <string>

#include <tl/expected.hpp>

#include "daemon/config/settings.h"
#include "daemon/remote/client.h"

/// What the commands share that ask the running daemon.
namespace sessync::cli {

/// The daemon that works in the state directory of these settings, or why it cannot be found. With
/// --read-token-file its client reads with that token, as it is in the file now.
tl::expected<remote::DaemonClient, std::string> find_daemon(const config::Settings& settings);

/// What the daemon gave as the reason of its refusal, printable.
std::string error_of(const remote::DaemonClient::Answer& answer);

/// Tells it as refuse() does; the exit code.
int tell_failure(const config::Options& options, const std::string& message);

}  // namespace sessync::cli
