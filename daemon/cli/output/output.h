#pragma once

#include <string>

/// The doors to standard output, where what a command says is worth nothing if it does not arrive,
/// and to standard error. Secrets pass neither.
namespace sessync::cli {

/// Writes it at once. False: it cannot be written, and neither can what comes after it.
bool print(const std::string& text);

/// Writes lines for people to standard error.
void print_error(const std::string& text);

/// The last thing a command does: the exit code of one that came to `code`. If something could not
/// be written, standard error gets the reason, and success is none.
int close_output(int code);

}  // namespace sessync::cli
