#pragma once

#include <string>
#include <vector>

#include "manifest/spec.h"

namespace sessync::secrets {

/// The files that the tokens of a session depend on: absolute paths, sorted, each once.
std::vector<std::string> secret_files(const manifest::SessionSpec& session,
                                      const std::string& secrets_dir);

}  // namespace sessync::secrets
