#pragma once

#include <string>

/// The one door to standard output: what a command says there is worth nothing if it does not
/// arrive.
namespace sessync::cli {

/// Writes it at once. False: it cannot be written, and neither can what comes after it.
bool print(const std::string& text);

/// The last thing a command does: the exit code of one that came to `code`. If something could not
/// be written, standard error gets the reason, and success is none.
int close_output(int code);

}  // namespace sessync::cli
