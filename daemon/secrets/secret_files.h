#pragma once

#include <string>
#include <vector>

#include "manifest/manifest.h"
#include "manifest/spec.h"

namespace sessync::secrets {

/// Those that are read, or also those that never are because of where they lead: they are meant as
/// secrets all the same.
enum class SecretNames { kRead, kAll };

/// The files that the tokens of a session depend on: absolute paths, sorted, each once.
std::vector<std::string> secret_files(const manifest::SessionSpec& session,
                                      const std::string& secrets_dir,
                                      SecretNames which = SecretNames::kRead);

/// The same of those that it may not have.
std::vector<std::string> denied_secret_files(const manifest::SessionSpec& session,
                                             const std::string& secrets_dir);

/// Those that a manifest names, or named while it could be read: absolute paths.
std::vector<std::string> named_secret_files(const std::vector<manifest::NamedSecret>& secrets,
                                            const std::string& secrets_dir);

}  // namespace sessync::secrets
