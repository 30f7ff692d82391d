#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "daemon/os/pulse.h"

namespace sessync {

/// Starts a thread that lives as long as the process: it has a name (15 characters at most) and a
/// pulse, and takes no signals (they belong to the main thread; and a write to a closed TLS
/// connection raises SIGPIPE). What `body` throws is logged, and `body` begins again after a
/// second; its return ends the thread.
///
/// All of them start when the process does: later there may be none to have. Throws
/// std::runtime_error with words for the operator if this one cannot be had.
std::thread start_thread(const std::string& name, Duty duty, std::function<void()> body);

/// Runs one piece of a thread's work. What it throws is logged, together with `what` it was, and
/// ends this piece and nothing else: false.
bool guarded(std::string_view what, const std::function<void()>& work);

/// What is being thrown, in words. Only in a catch block.
std::string current_exception_text();

}  // namespace sessync
