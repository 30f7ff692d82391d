#pragma once

#include <string>
#include <vector>

#include "daemon/config/command_words.h"

namespace sessync::cli {

/// A script that completes sessync's command lines in `shell` (bash, zsh or fish; the caller has
/// checked): commands, options, their values, files, and the sessions of the manifest.
std::string completion_script(const std::string& shell,
                              const std::vector<config::CommandWords>& commands);

std::string bash_completion(const std::vector<config::CommandWords>& commands);
std::string zsh_completion(const std::vector<config::CommandWords>& commands);
std::string fish_completion(const std::vector<config::CommandWords>& commands);

}  // namespace sessync::cli
