#pragma once

#include <chrono>
#include <string>

namespace sessync::os {

/// Reads a small file of any kind that is read to an end: a regular one, or a pipe (`<(command)` of
/// a shell), into which somebody must write within `patience`. Fills `text`, whose size is the most
/// that is read; it is then as long as what was. "" if that worked, else what is wrong, to be
/// appended to the path.
std::string read_patiently(const std::string& path, std::string& text,
                           std::chrono::milliseconds patience);

/// Whether there is a pipe: what was read from it is not there a second time.
bool is_pipe(const std::string& path);

}  // namespace sessync::os
