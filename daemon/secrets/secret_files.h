#pragma once

#include <string>
#include <vector>

#include "manifest/manifest.h"
#include "manifest/spec.h"

namespace sessync::secrets {

/// Those that are read, or also those that never are because of where they lead: they are meant as
/// secrets all the same.
enum class SecretNames { kRead, kAll };

/// Where a secret lies, if it does.
struct NamedSecretFile {
  std::string path;           ///< absolute
  std::string confined_to{};  ///< a directory below that for secrets that it must really lie in
  friend auto operator<=>(const NamedSecretFile&, const NamedSecretFile&) = default;
};

/// The files that the tokens of a session depend on, less those that it may not have. Sorted, each
/// once.
std::vector<NamedSecretFile> secret_files(const manifest::SessionSpec& session,
                                          const std::string& secrets_dir,
                                          SecretNames which = SecretNames::kRead);

/// The paths of those that it may not have.
std::vector<std::string> denied_secret_files(const manifest::SessionSpec& session,
                                             const std::string& secrets_dir);

/// Those that a manifest names, or named while it could be read.
std::vector<NamedSecretFile> named_secret_files(const std::vector<manifest::NamedSecret>& secrets,
                                                const std::string& secrets_dir);

}  // namespace sessync::secrets
